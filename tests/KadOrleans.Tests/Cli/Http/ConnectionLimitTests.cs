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
        ConnectionLimit.NoteToken(connections[0].Items);
        ConnectionLimit.NoteToken(connections[0].Items);
        connections = [.. connections, .. Open(2)];
        Assert.Equal([false, true, false], connections.Select(c => c.IsAborted));

        // A token on one that was closed already changes nothing.
        ConnectionLimit.NoteToken(connections[1].Items);
        ConnectionLimit.NoteToken(connections[2].Items);
        connections = [.. connections, .. Open(1)];
        Assert.Equal([true, true, false, false], connections.Select(c => c.IsAborted));
        ConnectionLimit.NoteToken(new Dictionary<object, object?>());
        ConnectionLimit.NoteToken(null);
    }

    private FakeConnection[] Open(int count)
    {
        var connections = Enumerable.Range(0, count).Select(_ => new FakeConnection()).ToArray();
        Array.ForEach(connections, connection => connection.Running = _limit.RunAsync(connection, _ => connection.Served.Task));
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
