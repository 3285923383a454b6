using Microsoft.AspNetCore.Connections;

namespace KadOrleans.Tests.Cli;

public sealed class ConnectionLimitTests
{
    private readonly ConnectionLimit _limit = new(2);

    [Fact]
    public async Task The_oldest_connection_is_closed_for_one_too_many()
    {
        var connections = Open(4);
        Assert.Equal([true, true, false, false], connections.Select(c => c.IsAborted));

        // One that is over or fails makes room, and one that was closed for another does not make it twice.
        connections[0].Served.SetResult();
        await connections[0].Running;
        connections[2].Served.SetException(new IOException());
        await Assert.ThrowsAsync<IOException>(() => connections[2].Running);
        Open(1);
        Assert.False(connections[3].IsAborted);
        Open(1);
        Assert.True(connections[3].IsAborted);
    }

    [Fact]
    public void One_that_showed_a_token_is_closed_after_those_that_did_not()
    {
        var connections = Open(1);
        ConnectionLimit.MarkKnown(connections[0].Items);
        ConnectionLimit.MarkKnown(connections[0].Items);
        connections = [.. connections, .. Open(2)];
        Assert.Equal([false, true, false], connections.Select(c => c.IsAborted));

        // A token on one that was closed already changes nothing.
        ConnectionLimit.MarkKnown(connections[1].Items);
        ConnectionLimit.MarkKnown(connections[2].Items);
        connections = [.. connections, .. Open(1)];
        Assert.Equal([true, true, false, false], connections.Select(c => c.IsAborted));
        ConnectionLimit.MarkKnown(new Dictionary<object, object?>());
        ConnectionLimit.MarkKnown(null);
    }

    [Fact]
    public void One_address_is_bounded_apart_and_the_others_have_room()
    {
        var limit = new ConnectionLimit(4, mostOfAddress: 2);
        var attacker = Open(limit, 3, "192.0.2.1");
        Assert.Equal([true, false, false], attacker.Select(c => c.IsAborted));
        var others = Open(limit, 2, "192.0.2.2");
        Assert.DoesNotContain(attacker[1..].Concat(others), c => c.IsAborted);

        // A /64 counts as one.
        var host = Open(limit, 1, "2001:db8::1").Concat(Open(limit, 2, "2001:db8::2")).ToArray();
        Assert.Equal([true, false, false], host.Select(c => c.IsAborted));
    }

    [Fact]
    public async Task Where_known_connections_stay_a_new_one_is_closed_if_all_are_known()
    {
        var limit = new ConnectionLimit(3, mostOfAddress: 2, closesKnown: false);
        var known = Open(limit, 2, "192.0.2.1");
        Array.ForEach(known, connection => ConnectionLimit.MarkKnown(connection.Items));
        var refused = Open(limit, 1, "192.0.2.1")[0];
        Assert.True(refused.IsAborted);
        Assert.True(refused.Running.IsCompletedSuccessfully);

        // In all: the one that proved nothing makes room, and then none does.
        var stranger = Open(limit, 1, "192.0.2.2")[0];
        var next = Open(limit, 1, "192.0.2.3")[0];
        Assert.Equal((true, false), (stranger.IsAborted, next.IsAborted));
        ConnectionLimit.MarkKnown(next.Items);
        Assert.True(Open(limit, 1, "192.0.2.4")[0].IsAborted);
        Assert.DoesNotContain(known, connection => connection.IsAborted);

        known[0].Served.SetResult();
        await known[0].Running;
        Assert.False(Open(limit, 1, "192.0.2.1")[0].IsAborted);
    }

    [Fact]
    public async Task Of_an_address_few_may_be_unknown_at_once_however_many_are_known()
    {
        var limit = new ConnectionLimit(100, mostOfAddress: 10, closesKnown: false, mostUnknownOfAddress: 2);
        var known = Open(limit, 2, "192.0.2.1");
        Array.ForEach(known, connection => ConnectionLimit.MarkKnown(connection.Items));
        var unknown = Open(limit, 3, "192.0.2.1");
        Assert.Equal([true, false, false], unknown.Select(connection => connection.IsAborted));
        Assert.DoesNotContain(known.Concat(Open(limit, 2, "192.0.2.2")), connection => connection.IsAborted);

        // One that ends, or becomes known, makes room for one.
        unknown[1].Served.SetResult();
        await unknown[1].Running;
        ConnectionLimit.MarkKnown(unknown[2].Items);
        var later = Open(limit, 2, "192.0.2.1");
        Assert.DoesNotContain(later, connection => connection.IsAborted);
        Open(limit, 1, "192.0.2.1");
        Assert.True(later[0].IsAborted);
    }

    [Theory]
    [InlineData("192.0.2.1", 16)]
    [InlineData("2001:db8::1", 16)]
    [InlineData("192.0.2.1", 8, 16)]
    [InlineData("127.0.0.1", 64)]
    [InlineData("::1", 64)]
    [InlineData("10.1.2.3", 64)]
    [InlineData("fd00::7", 64)]
    public void Of_HTTP_an_address_has_a_quarter_and_loopback_and_named_proxies_have_all(string address, int most, int connections = 64)
    {
        var place = new HttpPlace(new IPEndPoint(IPAddress.Any, 0), HostNames.None, "--http", "--http-host") { Proxies = ["10.0.0.0/8", "fd00::7"] };
        var limit = HttpLimits.LimitOf(place, connections);
        Assert.Equal(most, Open(limit, 100, address).Count(connection => !connection.IsAborted));
    }

    [Theory]
    [InlineData(256, int.MaxValue, 256)]
    [InlineData(256, 1024, 256)]
    [InlineData(256, 500, 50)]
    [InlineData(256, 400, HttpLimits.LeastConnections)]
    [InlineData(256, 100, HttpLimits.LeastConnections)]
    [InlineData(100_000, 1024, 312)]
    public void HTTP_has_as_many_connections_as_the_files_of_the_process_leave(int wanted, int files, int expected) =>
        Assert.Equal(expected, HttpLimits.ConnectionsWith(wanted, files));

    private FakeConnection[] Open(int count) => Open(_limit, count, "127.0.0.1");

    private static FakeConnection[] Open(ConnectionLimit limit, int count, string address)
    {
        var connections = Enumerable.Range(0, count)
            .Select(i => new FakeConnection { RemoteEndPoint = new IPEndPoint(IPAddress.Parse(address), 1000 + i) }).ToArray();
        Array.ForEach(connections, connection => connection.Running = limit.RunAsync(connection, _ => connection.Served.Task));
        return connections;
    }

    private sealed class FakeConnection : DefaultConnectionContext
    {
        public TaskCompletionSource Served { get; } = new();

        public Task Running { get; set; } = Task.CompletedTask;

        public bool IsAborted { get; private set; }

        public override void Abort(ConnectionAbortedException abortReason) => IsAborted = true;
    }
}
