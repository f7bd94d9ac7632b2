-- SPDX-License-Identifier: Apache-2.0
--
-- Shows in Wireshark what tsaudit says of each TCP segment, as fields to filter by. It reads what
--
--     tsaudit segments --format ndjson CAPTURE > CAPTURE.ndjson
--
-- wrote for the same capture. Which file: the environment variable TSAUDIT_SEGMENTS, or the preference of
-- protocol TSAUDIT. See README.md beside this file.

local tsaudit = Proto("tsaudit", "TCP timestamp audit")

local fields = {
  verdict = ProtoField.string("tsaudit.verdict", "Verdict", "accept, drop, unknown or not-tested"),
  reason = ProtoField.string("tsaudit.reason", "Reason", "The kernel's name of the drop reason, or why PAWS let it pass"),
  ts_recent = ProtoField.uint32("tsaudit.ts_recent", "TS.Recent before", base.DEC, nil, nil,
                                "What the receiver held when the segment came"),
  delta = ProtoField.int32("tsaudit.delta", "TSval - TS.Recent", base.DEC, nil, nil, "Ticks; negative: old"),
  evidence = ProtoField.string("tsaudit.evidence", "Evidence", "none, predicted, confirmed or contradicted"),
  evidence_frame = ProtoField.framenum("tsaudit.evidence_frame", "Shown by"),
  flow = ProtoField.uint64("tsaudit.flow", "Flow", base.DEC, nil, nil, "As tsaudit analyze numbers it"),
  rule = ProtoField.string("tsaudit.rule", "Rule", "By the segment alone: TS001 for data, SYN or FIN discarded, TS011 for a stale pure ACK"),
}
local list = {}
for _, field in pairs(fields) do list[#list + 1] = field end
tsaudit.fields = list

local expert_drop = ProtoExpert.new("tsaudit.dropped", "The receiver discards this segment for its timestamp",
                                    expert.group.SEQUENCE, expert.severity.WARN)
tsaudit.experts = { expert_drop }

tsaudit.prefs.file = Pref.string("Segments file", os.getenv("TSAUDIT_SEGMENTS") or "",
                                 "What tsaudit segments --format ndjson wrote for this capture")

-- A line is a flat object of numbers, strings, null and lists of numbers: no library is needed.
local function text_of(line, key) return line:match('"' .. key .. '":"([^"]*)"') end
local function number_of(line, key) return tonumber(line:match('"' .. key .. '":(-?%d+)')) end

local paws = { TCP_RFC7323_PAWS = true, TCP_RFC7323_PAWS_ACK = true, TCP_RFC7323_TW_PAWS = true,
               TCP_RFC7323_TSECR = true, SYN_CHALLENGE = true, MISSING_TSOPT = true }

-- Where each frame's line lies: a number a segment, and not its text.
local place_of, handle, loaded = {}, nil, nil

local function load(path)
  if path == loaded then return end
  loaded, place_of = path, {}
  if handle then handle:close() end
  handle = nil
  if path == "" then return end
  local problem
  handle, problem = io.open(path, "rb")
  if not handle then
    report_failure("tsaudit.lua: " .. tostring(problem))
    return
  end
  local place, lines = 0, 0
  for line in handle:lines() do
    local frame = number_of(line, "frame")
    if frame then
      place_of[frame] = place
      lines = lines + 1
    end
    place = place + #line + 1
  end
  if lines == 0 then
    report_failure("tsaudit.lua: " .. path .. " has no segments; wanted is what tsaudit segments --format ndjson writes")
  end
end

function tsaudit.init() load(tsaudit.prefs.file) end
function tsaudit.prefs_changed() load(tsaudit.prefs.file) end

function tsaudit.dissector(buffer, pinfo, tree)
  local place = place_of[pinfo.number]
  if not place then return end
  handle:seek("set", place)
  local line = handle:read("*l")
  local verdict, reason = text_of(line, "verdict"), text_of(line, "reason")
  if not verdict then return end
  local sub = tree:add(tsaudit, buffer(0, 0), "TCP timestamp audit: " .. verdict .. ", " .. tostring(reason))
  sub:add(fields.verdict, verdict):set_generated()
  if reason then sub:add(fields.reason, reason):set_generated() end
  local ts_recent, delta, flow = number_of(line, "ts_recent"), number_of(line, "delta"), number_of(line, "flow")
  if ts_recent then sub:add(fields.ts_recent, ts_recent):set_generated() end
  if delta then sub:add(fields.delta, delta):set_generated() end
  if flow then sub:add(fields.flow, UInt64(flow)):set_generated() end
  local evidence = text_of(line, "evidence")
  if evidence then sub:add(fields.evidence, evidence):set_generated() end
  for frame in (line:match('"evidence_frames":%[([^%]]*)%]') or ""):gmatch("%d+") do
    sub:add(fields.evidence_frame, tonumber(frame)):set_generated()
  end
  if verdict == "drop" and paws[reason] then
    local flags = text_of(line, "flags") or ""
    local matters = (number_of(line, "len") or 0) > 0 or flags:find("[SF]") ~= nil
    if matters or reason == "TCP_RFC7323_PAWS_ACK" then
      sub:add(fields.rule, matters and "TS001" or "TS011"):set_generated()
    end
    if matters then sub:add_proto_expert_info(expert_drop) end
  end
end

register_postdissector(tsaudit)
