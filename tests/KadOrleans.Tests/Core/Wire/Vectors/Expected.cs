namespace KadOrleans.Tests.Core;

/// <summary>What a recorded payload means.</summary>
internal static class Expected
{
    public static Contact ToContact(RecordedPayload entry) => new(
        entry.Items[0].ToNodeId(), RecordedPayload.ToEndpoint(entry.Items[1], entry.Items[2]));

    public static void AssertMatches(string function, IReadOnlyList<RecordedPayload> arguments, Request request)
    {
        switch (function)
        {
            case "ping":
                Assert.Equal(new PingRequest(arguments[0].ToNodeId()), request.AsPing());
                break;
            case "stun":
                Assert.Empty(arguments);
                Assert.Equal(RequestKind.Stun, request.Kind);
                break;
            case "store":
                Assert.Equal(
                    new StoreRequest(arguments[0].ToNodeId(), arguments[1].ToNodeId(), arguments[2].ToValue()),
                    request.AsStore());
                break;
            case "find_node":
                Assert.Equal(new FindNodeRequest(arguments[0].ToNodeId(), arguments[1].ToNodeId()), request.AsFindNode());
                break;
            case "find_value":
                Assert.Equal(new FindValueRequest(arguments[0].ToNodeId(), arguments[1].ToNodeId()), request.AsFindValue());
                break;
            default:
                Assert.Fail($"{function} is no function of the protocol.");
                break;
        }
    }
}
