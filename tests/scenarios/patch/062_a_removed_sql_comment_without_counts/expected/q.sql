select 1;
-- new
-- end
