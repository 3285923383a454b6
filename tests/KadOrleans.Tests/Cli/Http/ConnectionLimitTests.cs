using Microsoft.AspNetCore.Connections;

namespace KadOrleans.Tests.Cli;

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
    public void One_that_showed_a_token_is_closed_after_those_that_did_not()
    {
        var connections = Enumerable.Range(0, 5).Select(_ => new FakeConnection()).ToList();
        _ = RunAsync(connections[0]);
        ConnectionLimit.NoteToken(connections[0].Items);
        ConnectionLimit.NoteToken(connections[0].Items);
        _ = RunAsync(connections[1]);
        _ = RunAsync(connections[2]);
        Assert.Equal([false, true, false], connections[..3].Select(c => c.IsAborted));

        // A token on one that was closed already changes nothing.
        ConnectionLimit.NoteToken(connections[1].Items);
        ConnectionLimit.NoteToken(connections[2].Items);
        _ = RunAsync(connections[3]);
        Assert.Equal([true, true, false, false], connections[..4].Select(c => c.IsAborted));
        ConnectionLimit.NoteToken(new Dictionary<object, object?>());
        ConnectionLimit.NoteToken(null);
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
