using System.Diagnostics;

namespace KadOrleans.Grains;

/// <summary>
/// What came with a call in its request context. The runtime sends it on with every call that the called grain makes, to other silos and to
/// edges, and back with the response. So what a caller put there, whatever it is and however deep, ends where the call arrives.
/// </summary>
internal static class CallContext
{
    // By them a trace goes on. The longest that W3C's Trace Context asks of anybody to pass on.
    private const string TraceParent = "traceparent";
    private const string TraceState = "tracestate";
    private const int MaxTraceState = 512;

    /// <summary>Takes all but the trace out of the present call's context.</summary>
    public static void Clear()
    {
        var isTraced = IsTraced();
        foreach (var name in RequestContext.Keys.ToArray())
        {
            if (!isTraced || name is not (TraceParent or TraceState))
            {
                Remove(name);
            }
        }
    }

    /// <summary>Takes an entry out.</summary>
    /// <remarks>
    /// In place, as the runtime sends what is left in the call's own dictionary back with its response, which goes to whoever is connected
    /// under the caller's name. A removal by RequestContext is seen by what the call runs, and not by the runtime.
    /// </remarks>
    public static void Remove(string name)
    {
        if (RequestContext.Entries is IDictionary<string, object> entries)
        {
            entries.Remove(name);
        }

        RequestContext.Remove(name);
    }

    private static bool IsTraced() =>
        RequestContext.Get(TraceParent) is string parent
        && RequestContext.Get(TraceState) is var state
        && (state is null || state is string { Length: <= MaxTraceState })
        && ActivityContext.TryParse(parent, state as string, out _);
}
