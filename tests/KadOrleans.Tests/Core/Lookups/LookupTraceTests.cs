namespace KadOrleans.Tests.Core;

public class LookupTraceTests
{
    private static readonly Contact First = Numbered(1);
    private static readonly Contact Second = Numbered(2);
    private static readonly Contact Third = Numbered(3);
    private static readonly Contact Fourth = Numbered(4);

    [Fact]
    public void Each_query_has_who_named_it_and_what_came_of_it()
    {
        var lookup = new Lookup(NodeId.MaxValue, NodeId.MinValue, LookupKind.Value, [First, Second, Third], new KademliaOptions());
        var recorder = new LookupRecorder();
        SendAll(lookup, recorder, 0);

        recorder.Ended(First.Endpoint, At(5), named: 1);
        lookup.OnNodes(First, [Fourth]);
        SendAll(lookup, recorder, 6);
        recorder.Ended(Second.Endpoint, At(7));
        lookup.OnFailed(Second);
        lookup.OnUnresponsive(Third);
        recorder.Ended(Fourth.Endpoint, At(9), value: "value");
        lookup.OnValue(Fourth, "value");

        // A response after the first one changes nothing.
        recorder.Ended(First.Endpoint, At(10), named: 7);
        Assert.Equal(
            [
                new LookupQuery(First, null, 1, At(0), At(5), QueryResult.Contacts, 1, null),
                new LookupQuery(Second, null, 1, At(0), At(7), QueryResult.Failed, 0, null),
                new LookupQuery(Third, null, 1, At(0), null, QueryResult.Unresponsive, 0, null),
                new LookupQuery(Fourth, 0, 2, At(6), At(3), QueryResult.Value, 0, "value"),
            ],
            recorder.Read(lookup).OrderBy(query => query.Contact.Id));
    }

    [Fact]
    public void A_response_without_a_proof_of_the_id_is_told_apart()
    {
        var policy = new LookupPolicy { IsProved = _ => false };
        var lookup = new Lookup(NodeId.MaxValue, NodeId.MinValue, LookupKind.Node, [First, Second], new KademliaOptions(), policy);
        var recorder = new LookupRecorder();
        SendAll(lookup, recorder, 0);
        recorder.Ended(First.Endpoint, At(1));
        lookup.OnNodes(First, []);

        Assert.Equal([QueryResult.Unproved, QueryResult.Pending], recorder.Read(lookup).OrderBy(query => query.Contact.Id).Select(query => query.Result));
    }

    private static void SendAll(Lookup lookup, LookupRecorder recorder, int milliseconds)
    {
        while (lookup.TryNext(out var contact))
        {
            recorder.Sent(contact, At(milliseconds));
        }
    }

    private static TimeSpan At(double milliseconds) => TimeSpan.FromMilliseconds(milliseconds);

    private static Contact Numbered(int number) => new(NodeId.Parse(number.ToString("x40", null)), UdpEndpoint.Parse($"10.0.0.{number}:8468"));
}
