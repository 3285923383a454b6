using System.Diagnostics;

namespace KadOrleans.Tests.Node;

public sealed class LookupSpanTests
{
    [Theory]
    [InlineData(3, true, "converged", ActivityStatusCode.Unset)]
    [InlineData(3, false, "nobody_answered", ActivityStatusCode.Error)]
    [InlineData(1, false, "no_contacts", ActivityStatusCode.Unset)]
    public void A_lookup_that_nobody_answers_is_an_error(int nodes, bool answers, string reason, ActivityStatusCode status) => SimulatedWorld.Run(5, async world =>
    {
        await world.StartNetworkAsync(nodes, Without.Walks);
        var node = world.Nodes[0].Node;
        foreach (var other in world.Nodes.Skip(1).Where(_ => !answers))
        {
            await other.KillAsync();
        }

        var spans = new List<Activity>();
        using var root = new Activity("test").Start();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "KadOrleans",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = span =>
            {
                // Tests beside this one have spans of their own.
                if (span.TraceId == root.TraceId)
                {
                    spans.Add(span);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);

        await node.FindNodeAsync(NodeId.FromKey("target"));

        var span = spans[^1];
        Assert.Equal(("kad.lookup", ActivityKind.Client, status), (span.OperationName, span.Kind, span.Status));
        Assert.Equal((reason, "node"), (span.GetTagItem("kad.lookup.reason"), span.GetTagItem("kad.lookup.kind")));
        Assert.Equal(status == ActivityStatusCode.Error ? reason : null, span.GetTagItem("error.type"));
    });
}
