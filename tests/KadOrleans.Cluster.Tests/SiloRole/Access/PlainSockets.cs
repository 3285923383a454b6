using System.Net.Sockets;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>Connections of somebody who speaks TCP alone: what is sent on each, and which of them the other side has ended.</summary>
internal sealed class PlainSockets(int port) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentQueue<Socket> _all = [];
    private readonly List<Task> _running = [];
    private int _ended;

    /// <summary>How many the other side has not ended.</summary>
    public int Open => _all.Count - Volatile.Read(ref _ended);

    /// <summary>Connects from an address, and sends in the background as fast as the other side reads, or until it ends the connection.</summary>
    public async Task ConnectAsync(IPAddress source, params IReadOnlyList<byte[]> sent)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _all.Enqueue(socket);
        socket.Bind(new IPEndPoint(source, 0));
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port));
        }
        catch (SocketException e) when (e.SocketErrorCode != SocketError.ConnectionRefused)
        {
            // It was accepted and ended before this side knew.
            Interlocked.Increment(ref _ended);
            return;
        }

        _running.Add(SendAsync(socket, sent));
        _running.Add(ReadAsync(socket));
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_running);
        foreach (var socket in _all)
        {
            socket.Dispose();
        }

        _stopping.Dispose();
    }

    private async Task SendAsync(Socket socket, IReadOnlyList<byte[]> sent)
    {
        try
        {
            foreach (var bytes in sent)
            {
                await socket.SendAsync(bytes, SocketFlags.None, _stopping.Token);
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            // The other side ended it, or the test is over.
        }
    }

    private async Task ReadAsync(Socket socket)
    {
        var buffer = new byte[1_024];
        try
        {
            while (await socket.ReceiveAsync(buffer, SocketFlags.None, _stopping.Token) > 0)
            {
                // What the other side says is of no interest.
            }
        }
        catch (SocketException)
        {
            // A reset is an end, too.
        }
        catch (OperationCanceledException)
        {
            return;
        }

        Interlocked.Increment(ref _ended);
    }
}
