select 1;
-- old
-- end
