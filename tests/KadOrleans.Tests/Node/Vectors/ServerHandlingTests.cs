namespace KadOrleans.Tests.Node;

/// <summary>What the reference node answered to each odd or good request, this node answers too.</summary>
public sealed class ServerHandlingTests
{
    private const string NodeB = "893a227aaca1e12a5fa1c0201c0e38b8f3b1536b";
    private const string Silence = "";

    /// <summary>The improvements, and the answer's body behind the message id instead of the recorded one.</summary>
    private static readonly Dictionary<string, (string Body, string Why)> Differences = new()
    {
        ["function-as-bin"] = ($"c414{NodeB}", "nodes under Python 2 name functions so"),
        ["ping-id-1-byte"] = (Silence, "ids are 20 bytes"),
        ["ping-id-19-bytes"] = (Silence, "ids are 20 bytes"),
        ["ping-id-21-bytes-zero-led"] = (Silence, "ids are 20 bytes"),
        ["store-key-short"] = (Silence, "keys are 20 bytes"),
        ["find_node-key-1-byte"] = (Silence, "keys are 20 bytes"),
        ["store-value-nil"] = ("c2", "a value is of one of five types"),
        ["store-value-array"] = ("c2", "a value is of one of five types"),
        ["store-value-map"] = ("c2", "a value is of one of five types"),
        ["store-value-ext5"] = ("c2", "a value is of one of five types"),
        ["store-over-8k"] = (Silence, "no sender may send as much"),
        ["store-60000"] = (Silence, "no sender may send as much"),
    };

    public static TheoryData<string> Cases => [.. WireVectors.ServerHandling.Select(r => r.Name)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_request_is_answered_as_the_reference_answers_it_or_better(string name) => SimulatedWorld.Run(8, async world =>
    {
        var recorded = WireVectors.ServerHandling.Single(r => r.Name == name);
        var node = await world.StartNodeAsync(o => o.Id = NodeB);
        var client = new RawPeer(
            world.Network.Bind(UdpEndpoint.Parse("127.0.0.1:28480")), NodeId.Parse("726a3923d80b73c7f682355486b95df22350a7e4"));

        client.OnRequest = (_, id, answer) => ResponseWriter.WriteEmptyPong(answer, id);
        client.Send(recorded.Bytes, node.Transport.Endpoint);
        await world.PassAsync(TimeSpan.FromSeconds(1));

        Assert.Equal(Expected(recorded), string.Concat(client.Responses.Select(Convert.ToHexStringLower)));
        await world.PassAsync(TimeSpan.FromSeconds(10));
        Assert.Empty(node.Node.RoutingTable.Contacts);
    });

    [Fact]
    public void Every_difference_is_still_one() => Assert.All(
        WireVectors.ServerHandling.Where(r => Differences.ContainsKey(r.Name)),
        r => Assert.NotEqual(Expected(r), r.Reply is null ? Silence : Convert.ToHexStringLower(r.Reply)));

    private static string Expected(RecordedDatagram recorded)
    {
        if (!Differences.TryGetValue(recorded.Name, out var difference))
        {
            return recorded.Reply is null ? Silence : Convert.ToHexStringLower(recorded.Reply);
        }

        return difference.Body == Silence
            ? Silence
            : $"01{Convert.ToHexStringLower(recorded.Bytes.AsSpan(1, 20))}{difference.Body}";
    }
}
