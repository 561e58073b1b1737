-- old
select 1;
-- end
