using System.Net.Sockets;
using System.Text;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>A TCP relay that keeps what callers send through it.</summary>
internal sealed class RecordingRelay : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentQueue<Recording> _recordings = [];
    private readonly TcpListener _listener;
    private readonly int _target;
    private readonly Task _accepting;

    private RecordingRelay(int port, int target)
    {
        _target = target;
        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>What came on each connection, in the order in which they were made.</summary>
    public IReadOnlyList<byte[]> Received => [.. _recordings.Select(recording => recording.Bytes)];

    /// <summary>Begins to listen on a port of loopback for another one.</summary>
    public static RecordingRelay Start(int port, int target) => new(port, target);

    public bool Has(ReadOnlySpan<byte> bytes)
    {
        foreach (var received in Received)
        {
            if (received.AsSpan().IndexOf(bytes) >= 0)
            {
                return true;
            }
        }

        return false;
    }

    public bool Has(string text) => Has(Encoding.UTF8.GetBytes(text));

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _accepting;
        _listener.Dispose();
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        var relaying = new List<Task>();
        try
        {
            while (true)
            {
                relaying.Add(RelayAsync(await _listener.AcceptSocketAsync(_stopping.Token)));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(relaying);
        }
    }

    private async Task RelayAsync(Socket caller)
    {
        var recording = new Recording();
        _recordings.Enqueue(recording);
        using var target = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        var (there, back) = (Task.CompletedTask, Task.CompletedTask);
        using (caller)
        {
            await UntilEndedAsync(async () =>
            {
                await target.ConnectAsync(new IPEndPoint(IPAddress.Loopback, _target), _stopping.Token);
                there = UntilEndedAsync(() => CopyAsync(caller, target, recording));
                back = UntilEndedAsync(() => CopyAsync(target, caller, recording: null));
                await Task.WhenAny(there, back);
            });
        }

        target.Dispose();
        await Task.WhenAll(there, back);
    }

    private async Task CopyAsync(Socket from, Socket to, Recording? recording)
    {
        var buffer = new byte[64 << 10];
        while (await from.ReceiveAsync(buffer, SocketFlags.None, _stopping.Token) is > 0 and var length)
        {
            recording?.Add(buffer.AsSpan(0, length));
            await to.SendAsync(buffer.AsMemory(0, length), SocketFlags.None, _stopping.Token);
        }
    }

    private static async Task UntilEndedAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // One side ended the connection, or the test is over.
        }
    }

    private sealed class Recording
    {
        // Guards the bytes, which the relay adds to while the test reads them.
        private readonly Lock _gate = new();
        private readonly List<byte> _bytes = [];

        public byte[] Bytes
        {
            get
            {
                lock (_gate)
                {
                    return [.. _bytes];
                }
            }
        }

        public void Add(ReadOnlySpan<byte> bytes)
        {
            lock (_gate)
            {
                _bytes.AddRange(bytes);
            }
        }
    }
}
