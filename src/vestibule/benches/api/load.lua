-- What wrk (https://github.com/wg/wrk) asks for.  BENCH_TOKENS: API tokens with commas between.
-- Without BENCH_START: the address of its command line, again and again, in the name of the first token.
-- With it: POST of that body there, and the sign-in is cancelled, in turn; each thread is another user and has
-- one connection.  wrk's own latencies would be of both, so starts are timed here.

local ffi = require("ffi")
ffi.cdef [[
    typedef struct { long seconds; long nanoseconds; } moment;
    int clock_gettime(int clock, moment *now);
]]
local CLOCK_MONOTONIC = 1
local body = os.getenv("BENCH_START")
local tokens, threads = {}, {}
for token in os.getenv("BENCH_TOKENS"):gmatch("[^,]+") do
    table.insert(tokens, token)
end

local function now_us()
    local now = ffi.new("moment")
    ffi.C.clock_gettime(CLOCK_MONOTONIC, now)
    return tonumber(now.seconds) * 1e6 + tonumber(now.nanoseconds) / 1e3
end

function setup(thread)
    table.insert(threads, thread)
    thread:set("number", #threads)
end

function init()
    taken_us, refused = {}, 0
    wrk.headers["Authorization"] = "Bearer " .. tokens[body and number or 1]
    wrk.headers["Content-Type"] = "application/json"
end

if body then
    function request()
        if open then
            return wrk.format("POST", "/api/auth/session/" .. open .. "/cancel", nil, "")
        end
        begun_us = now_us()
        return wrk.format("POST", nil, nil, body)
    end

    function response(status, _, answer)
        if open then
            open = nil
        elseif status == 201 then
            table.insert(taken_us, now_us() - begun_us)
            open = answer:match('"session_id":"([^"]+)"')
        else
            refused = refused + 1
        end
    end
end

local function rank(values, share)
    return values[math.max(1, math.ceil(#values * share))] or 0
end

function done(summary, latency)
    local count, p50, p99, wrong = summary.requests, latency:percentile(50), latency:percentile(99), 0
    if body then
        local all = {}
        for _, thread in ipairs(threads) do
            wrong = wrong + thread:get("refused")
            for _, taken in ipairs(thread:get("taken_us")) do table.insert(all, taken) end
        end
        table.sort(all)
        count, p50, p99 = #all, rank(all, 0.5), rank(all, 0.99)
    end
    local errors = summary.errors
    wrong = math.max(wrong, errors.connect + errors.read + errors.write + errors.status + errors.timeout)
    print(string.format('RESULT {"count": %d, "seconds": %f, "p50_ms": %.3f, "p99_ms": %.3f, "wrong": %d}',
        count, summary.duration / 1e6, p50 / 1e3, p99 / 1e3, wrong))
end
