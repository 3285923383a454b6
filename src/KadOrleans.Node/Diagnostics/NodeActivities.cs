using System.Diagnostics;
using KadOrleans.Core.Lookups;

namespace KadOrleans.Node.Diagnostics;

/// <summary>The spans of a node. Requests have none: there are too many, and answers come to other threads.</summary>
internal static class NodeActivities
{
    private static readonly ActivitySource Source = new(NodeMetrics.MeterName);

    public static Activity? StartLookup(LookupKind kind) =>
        Source.StartActivity("kad.lookup")?.SetTag("kad.lookup.kind", kind.ToString());

    public static void End(this Activity activity, LookupOutcome outcome) => activity
        .SetTag("kad.lookup.reason", outcome.Reason.ToString())
        .SetTag("kad.lookup.requests", outcome.Asked)
        .SetTag("kad.lookup.answers", outcome.Answered);
}
