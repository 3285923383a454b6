using System.Net.Sockets;
using Npgsql;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>A TCP relay before a database: while it is cut, connections are reset and new ones refused.</summary>
internal sealed class DatabaseRelay : IAsyncDisposable
{
    private readonly IPEndPoint _relay = new(IPAddress.Loopback, FreePort.Tcp());
    private readonly IPEndPoint _database;
    private readonly ConcurrentBag<Socket> _open = [];
    private TcpListener? _listener;
    private volatile TaskCompletionSource _passing = new();
    private volatile int _forgotten;
    private Task _accepting = Task.CompletedTask;

    private DatabaseRelay(NpgsqlConnectionStringBuilder settings)
    {
        _database = new IPEndPoint(IPAddress.Loopback, settings.Port);
        settings.Port = _relay.Port;
        ConnectionString = settings.ConnectionString;
        Release();
        Open();
    }

    public string ConnectionString { get; }

    public string[] Storage => SharedPostgreSql.StorageIn(ConnectionString);

    public static DatabaseRelay Before(string connectionString) => new(new NpgsqlConnectionStringBuilder(connectionString));

    public void Open()
    {
        _listener = new TcpListener(_relay);
        _listener.Start();
        _accepting = UntilCutAsync(() => AcceptAsync(_listener));
    }

    /// <summary>The database goes away. Nothing of it comes through any more when this ends.</summary>
    public async Task CutAsync()
    {
        _listener?.Dispose();
        await _accepting;
        Break();
    }

    /// <summary>The database hangs: connections stand, and nothing of what is sent arrives before <see cref="Release"/>.</summary>
    public void Hold() => _passing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Release() => _passing.TrySetResult();

    /// <summary>A firewall forgets the connections that stand: nothing more of them arrives, and nobody is told. New ones pass.</summary>
    public void Forget() => _forgotten++;

    /// <summary>The connections that stand are reset. New ones pass.</summary>
    public void Break()
    {
        while (_open.TryTake(out var socket))
        {
            // A reset, as of a machine that is gone; an orderly end would be an orderly stop of the server.
            socket.Close(0);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Release();
        await CutAsync();
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        while (true)
        {
            var client = await listener.AcceptSocketAsync();
            _open.Add(client);
            _ = UntilCutAsync(() => RelayAsync(client));
        }
    }

    private async Task RelayAsync(Socket client)
    {
        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _open.Add(server);
        using (client)
        {
            (client.NoDelay, server.NoDelay) = (true, true);
            await server.ConnectAsync(_database);
            await Task.WhenAny(UntilCutAsync(() => CopyAsync(client, server)), UntilCutAsync(() => CopyAsync(server, client)));
        }
    }

    private async Task CopyAsync(Socket from, Socket to)
    {
        var buffer = new byte[64 << 10];
        var forgotten = _forgotten;
        while (await from.ReceiveAsync(buffer, SocketFlags.None) is > 0 and var length)
        {
            await _passing.Task;
            if (forgotten != _forgotten)
            {
                continue;
            }

            await to.SendAsync(buffer.AsMemory(0, length), SocketFlags.None);
        }
    }

    private static async Task UntilCutAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception e) when (e is SocketException or InvalidOperationException)
        {
            // Cut, or one side ended: a listener that has stopped takes no connection, also if it was not waiting for one.
        }
    }
}
