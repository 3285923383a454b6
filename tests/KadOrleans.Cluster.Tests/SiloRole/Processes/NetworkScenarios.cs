namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>What every network of two node processes does over UDP, however its nodes keep their state.</summary>
/// <param name="network">The processes.</param>
public abstract class NetworkScenarios(TwoNodeNetwork network)
{
    private readonly CryptographicRandomSource _random = new();

    /// <summary>One value of each type, the longest text among them.</summary>
    private static DhtValue[] Values =>
    [
        DhtValue.FromString(new string('x', StoreRules.MaxContentLength)),
        DhtValue.FromInteger(DhtValue.MaxInteger),
        DhtValue.FromFloat(-0.5),
        DhtValue.FromBoolean(true),
        DhtValue.FromBytes([0, 127, 128, 255]),
    ];

    [Fact]
    public async Task A_ping_is_answered_with_the_id_that_the_node_announced()
    {
        await using var client = await NetworkClient.JoinAsync(network.First);

        var first = await client.PingAsync(network.First.Address.ToEndpoint());
        var second = await client.PingAsync(network.Second.Address.ToEndpoint());

        Assert.Equal(network.First.Id, first.Id.ToString());
        Assert.Equal(network.Second.Id, second.Id.ToString());
        Assert.NotEqual(first.Id, second.Id);
    }

    [Fact]
    public async Task A_value_of_each_type_set_through_one_node_is_got_through_the_other()
    {
        await using var setter = await NetworkClient.JoinAsync(network.First);
        await using var getter = await NetworkClient.JoinAsync(network.Second);
        foreach (var value in Values)
        {
            var key = NodeId.Random(_random);

            await setter.SetUntilStoredAsync(key, value, nodes: 2);
            Assert.Equal(value, await getter.GetUntilFoundAsync(key));
        }
    }

    [Fact]
    public async Task A_key_without_a_value_is_not_found_though_both_nodes_answered()
    {
        await using var client = await NetworkClient.JoinAsync(network.First);

        var got = await client.GetAsync(NodeId.Random(_random));

        Assert.False(got.Found);
        Assert.Equal(2, got.Lookup!.Answered);
    }

    [Fact]
    public async Task A_stranger_gets_a_long_answer_only_after_it_answered_a_ping()
    {
        var key = await SetAsync(Values[0]);
        using var stranger = new Stranger(network.First.Address);
        var asked = stranger.NewId();

        stranger.Send(Stranger.FindValue(asked, key));
        var ping = await stranger.NextAsync();
        Assert.Equal(DatagramKind.Request, ping.Kind);
        Assert.True(IsPing(ping.Body));
        stranger.Send(Stranger.EmptyPong(ping.Id));
        var answer = await stranger.NextAsync();

        Assert.Equal((DatagramKind.Response, asked), (answer.Kind, answer.Id));
        Assert.True(ResponseReader.TryReadFindValue(answer.Body, [], out _, out var value));
        Assert.Equal(Values[0], value);
    }

    [Fact]
    public async Task Malformed_datagrams_are_met_with_silence_and_the_node_goes_on()
    {
        using var stranger = new Stranger(network.Second.Address);
        await stranger.ProveAsync();
        var ping = Stranger.Ping(stranger.NewId());
        byte[] unknownKind = [7, .. ping[1..]];
        foreach (var malformed in (byte[][])[[], [0], ping[..Datagram.HeaderLength], ping[..^1], unknownKind, new byte[Datagram.MaxLength + 1]])
        {
            var id = stranger.NewId();

            stranger.Send(malformed);
            stranger.Send(Stranger.Ping(id));
            var next = await stranger.NextAsync();

            // Whatever else the node sent would have come first.
            Assert.Equal((DatagramKind.Response, id), (next.Kind, next.Id));
            Assert.True(ResponseReader.TryReadPong(next.Body, out var pong));
            Assert.Equal(network.Second.Id, pong.ToString());
        }
    }

    [Fact]
    public async Task Stun_tells_a_client_the_address_that_it_is_seen_under()
    {
        await using var client = await NetworkClient.JoinAsync(network.First);

        var seen = await client.Engine.StunAsync(network.First.Address.ToEndpoint());

        Assert.Equal(client.LocalEndpoints[0], seen);
    }

    [Fact]
    public async Task A_node_that_was_stopped_comes_back_with_its_id_and_values() =>
        await RestartAsync(async node => Assert.Equal(0, await node.StopAsync()));

    [Fact]
    public async Task A_node_that_was_killed_comes_back_with_its_id_and_values() =>
        await RestartAsync(node => node.KillAsync());

    private static bool IsPing(byte[] body) => Core.Request.TryDecode(body, out var request, out _) && request.Kind == RequestKind.Ping;

    private async Task RestartAsync(Func<INetworkNode, Task> end)
    {
        var (node, id) = (network.Second, network.Second.Id);
        var value = DhtValue.FromString("kept");
        var key = await SetAsync(value);

        await end(node);
        await node.StartAsync();
        await network.JoinedAsync();

        Assert.Equal(id, node.Id);
        using var stranger = new Stranger(node.Address);
        await stranger.ProveAsync();

        // It answers with contacts while the value is being loaded.
        await Eventually.ReadAsync(() => stranger.FindValueAsync(key), found => found == value);
    }

    /// <summary>Sets a value on both nodes, under a key that is made up.</summary>
    private async Task<NodeId> SetAsync(DhtValue value)
    {
        await using var client = await NetworkClient.JoinAsync(network.First);
        var key = NodeId.Random(_random);
        await client.SetUntilStoredAsync(key, value, nodes: 2);
        return key;
    }
}
