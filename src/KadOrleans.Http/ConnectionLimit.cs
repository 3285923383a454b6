using Microsoft.AspNetCore.Connections;

namespace KadOrleans.Http;

/// <summary>
/// Bounds the open connections of one server. Beyond the bound the oldest is closed, not the newest refused: who holds
/// connections open without asking anything must not keep probes and operators out.
/// </summary>
/// <param name="most">Open connections, at least 1.</param>
internal sealed class ConnectionLimit(int most)
{
    // Guards _open.
    private readonly Lock _gate = new();
    private readonly LinkedList<ConnectionContext> _open = new();

    /// <summary>Serves a connection to its end.</summary>
    public async Task RunAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var place = Add(connection, out var oldest);
        oldest?.Abort(new ConnectionAbortedException($"The oldest of {most} connections is closed for a new one."));
        try
        {
            await next(connection);
        }
        finally
        {
            Remove(place);
        }
    }

    private LinkedListNode<ConnectionContext> Add(ConnectionContext connection, out ConnectionContext? oldest)
    {
        lock (_gate)
        {
            oldest = _open.Count < most ? null : _open.First!.Value;
            if (oldest is not null)
            {
                _open.RemoveFirst();
            }

            return _open.AddLast(connection);
        }
    }

    private void Remove(LinkedListNode<ConnectionContext> place)
    {
        lock (_gate)
        {
            if (place.List is not null)
            {
                _open.Remove(place);
            }
        }
    }
}
