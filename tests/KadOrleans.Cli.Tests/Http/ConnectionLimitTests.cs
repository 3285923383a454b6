using KadOrleans.Hosting.Http;
using Microsoft.AspNetCore.Connections;

namespace KadOrleans.Cli.Tests.Http;

public sealed class ConnectionLimitTests
{
    private readonly ConnectionLimit _limit = new(2);
    private readonly List<TaskCompletionSource> _served = [];

    [Fact]
    public async Task The_oldest_connection_is_closed_for_one_too_many()
    {
        var connections = new List<FakeConnection>();
        for (var i = 0; i < 4; i++)
        {
            connections.Add(new FakeConnection());
            _ = RunAsync(connections[i]);
        }

        Assert.Equal([true, true, false, false], connections.Select(c => c.IsAborted));

        // One that is over makes room, and one that was closed for another does not make it twice.
        await EndAsync(0);
        await EndAsync(2);
        _ = RunAsync(new FakeConnection());
        Assert.False(connections[3].IsAborted);
        _ = RunAsync(new FakeConnection());
        Assert.True(connections[3].IsAborted);
    }

    [Fact]
    public async Task A_connection_that_fails_makes_room()
    {
        for (var i = 0; i < 10; i++)
        {
            await Assert.ThrowsAsync<IOException>(() => _limit.RunAsync(new FakeConnection(), _ => throw new IOException()));
        }

        var connections = new[] { new FakeConnection(), new FakeConnection() };
        _ = RunAsync(connections[0]);
        _ = RunAsync(connections[1]);
        Assert.All(connections, connection => Assert.False(connection.IsAborted));
    }

    private Task RunAsync(ConnectionContext connection) => _limit.RunAsync(connection, _ =>
    {
        _served.Add(new TaskCompletionSource());
        return _served[^1].Task;
    });

    private async Task EndAsync(int connection)
    {
        _served[connection].SetResult();
        await _served[connection].Task;
    }

    private sealed class FakeConnection : DefaultConnectionContext
    {
        public bool IsAborted { get; private set; }

        public override void Abort(ConnectionAbortedException abortReason) => IsAborted = true;
    }
}
