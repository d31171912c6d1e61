"""Results of many: lists, dashboards, exports."""
