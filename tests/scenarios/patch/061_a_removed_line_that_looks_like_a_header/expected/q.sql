++ new
select 1;
-- end
