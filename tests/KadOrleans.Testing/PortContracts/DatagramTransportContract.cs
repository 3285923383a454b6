using System.Collections.Concurrent;

namespace KadOrleans.Testing;

/// <summary>What every <see cref="IDatagramTransport"/> does.</summary>
public abstract class DatagramTransportContract : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly List<IDatagramTransport> _opened = [];

    /// <summary>
    /// A transport that is bound and not started. All of one test reach each other at their local endpoints, and
    /// none of a few dozen datagrams between them is lost.
    /// </summary>
    protected abstract IDatagramTransport Create();

    public virtual ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var transport in _opened)
        {
            await transport.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    [Fact]
    public void Local_endpoints_are_real_and_distinct_before_the_start()
    {
        var first = Open();
        var second = Open();

        Assert.NotEmpty(first.LocalEndpoints);
        Assert.All(first.LocalEndpoints, endpoint => Assert.NotEqual(0, endpoint.Port));
        Assert.Empty(first.LocalEndpoints.Intersect(second.LocalEndpoints));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(22)]
    [InlineData(8213)]
    [InlineData(60_000)]
    public async Task A_datagram_arrives_with_its_bytes_and_source(int size)
    {
        var (sender, _) = OpenStarted();
        var (target, inbox) = OpenStarted();
        var bytes = Pattern(size);

        foreach (var endpoint in target.LocalEndpoints)
        {
            Assert.True(sender.Send(bytes, endpoint));
            var (datagram, source) = await inbox.NextAsync();
            Assert.Equal(bytes, datagram);
            Assert.Contains(source, sender.LocalEndpoints);
        }
    }

    [Fact]
    public async Task What_arrived_before_the_start_or_not_at_all_does_not_disturb_what_comes_after()
    {
        var (sender, _) = OpenStarted();
        var target = Open();
        sender.Send([1], target.LocalEndpoints[0]);

        var inbox = new Inbox();
        target.Start(inbox);
        Assert.True(sender.Send([2], target.LocalEndpoints[0]));

        var (first, _) = await inbox.NextAsync();
        if (first[0] == 1)
        {
            (first, _) = await inbox.NextAsync();
        }

        Assert.Equal(new byte[] { 2 }, first);
    }

    [Fact]
    public async Task Datagrams_of_several_senders_all_arrive_each_with_its_sender()
    {
        const int Senders = 8, Rounds = 50, Burst = 4;
        var (target, inbox) = OpenStarted();
        var senders = Enumerable.Range(0, Senders).Select(_ => OpenStarted().Transport).ToArray();
        var seen = new HashSet<(byte Sender, byte Number)>();

        for (var round = 0; round < Rounds; round++)
        {
            for (var i = 0; i < Senders * Burst; i++)
            {
                var number = (byte)((round * Burst) + (i / Senders));
                Assert.True(senders[i % Senders].Send([(byte)(i % Senders), number], target.LocalEndpoints[0]));
            }

            for (var i = 0; i < Senders * Burst; i++)
            {
                var (datagram, source) = await inbox.NextAsync();
                Assert.True(seen.Add((datagram[0], datagram[1])));
                Assert.Contains(source, senders[datagram[0]].LocalEndpoints);
            }
        }

        Assert.Equal(Senders * Rounds * Burst, seen.Count);
    }

    [Fact]
    public async Task Several_threads_can_send_at_once()
    {
        const int Threads = 4, Each = 8;
        var (sender, _) = OpenStarted();
        var (target, inbox) = OpenStarted();

        var sending = Enumerable.Range(0, Threads).Select(thread => Task.Run(() => Enumerable.Range(0, Each).All(
            number => sender.Send([(byte)thread, (byte)number], target.LocalEndpoints[0]))));

        Assert.All(await Task.WhenAll(sending), Assert.True);
        var seen = new HashSet<(byte, byte)>();
        while (seen.Count < Threads * Each)
        {
            var (datagram, _) = await inbox.NextAsync();
            Assert.True(seen.Add((datagram[0], datagram[1])));
        }
    }

    [Fact]
    public async Task Responses_that_wait_for_others_all_arrive_with_the_flush()
    {
        const int Responses = 80;
        var (sender, senderInbox) = OpenStarted();
        var (target, inbox) = OpenStarted();
        var seen = new HashSet<byte>();
        Assert.True(target.Send([0], sender.LocalEndpoints[0]));
        var (_, asker) = await senderInbox.NextAsync();

        for (byte i = 0; i < Responses; i++)
        {
            Assert.True(senderInbox.LastRoute!.SendLater([i], asker));
        }

        senderInbox.LastRoute!.Flush();
        while (seen.Count < Responses)
        {
            var (datagram, source) = await inbox.NextAsync();
            Assert.True(seen.Add(datagram[0]));
            Assert.Equal(sender.LocalEndpoints[0], source);
        }
    }

    [Fact]
    public async Task A_receiver_that_throws_does_not_end_reception()
    {
        var (sender, _) = OpenStarted();
        var target = Open();
        var inbox = new Inbox(datagram =>
        {
            if (datagram[0] < 20)
            {
                throw new InvalidOperationException("The receiver fails on purpose.");
            }
        });
        target.Start(inbox);

        for (byte i = 0; i <= 20; i++)
        {
            Assert.True(sender.Send([i], target.LocalEndpoints[0]));
        }

        Assert.Equal(new byte[] { 20 }, (await inbox.NextAsync()).Datagram);
    }

    [Fact]
    public async Task An_answer_sent_by_the_receiver_leaves_from_the_endpoint_that_was_asked()
    {
        var (asker, answers) = OpenStarted();
        var responder = Open();
        responder.Start(new Echo());

        foreach (var asked in responder.LocalEndpoints.Concat(responder.LocalEndpoints.Reverse()))
        {
            Assert.True(asker.Send([7], asked));
            var (datagram, source) = await answers.NextAsync();
            Assert.Equal(new byte[] { 7 }, datagram);
            Assert.Equal(asked, source);
        }
    }

    [Fact]
    public void It_starts_once()
    {
        var (transport, _) = OpenStarted();

        Assert.Throws<InvalidOperationException>(() => transport.Start(new Inbox()));
    }

    [Fact]
    public async Task It_sends_nothing_after_it_is_disposed()
    {
        var (sender, _) = OpenStarted();
        var (target, _) = OpenStarted();

        await sender.DisposeAsync();

        Assert.False(sender.Send([1], target.LocalEndpoints[0]));
    }

    [Fact]
    public async Task It_can_be_disposed_again_and_without_a_start()
    {
        var transport = Open();

        await transport.DisposeAsync();
        await transport.DisposeAsync();

        Assert.False(transport.Send([1], transport.LocalEndpoints[0]));
        Assert.Throws<ObjectDisposedException>(() => transport.Start(new Inbox()));
    }

    [Fact]
    public async Task Disposed_during_traffic_it_runs_no_receiver_any_more()
    {
        var (sender, _) = OpenStarted();
        var target = Open();
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var disposed = false;
        var late = 0;
        target.Start(new Inbox(_ =>
        {
            arrived.TrySetResult();
            if (Volatile.Read(ref disposed))
            {
                Interlocked.Increment(ref late);
            }
        }));
        using var stop = new CancellationTokenSource();
        var endpoint = target.LocalEndpoints[0];
        var traffic = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                sender.Send([1], endpoint);
                target.Send([2], sender.LocalEndpoints[0]);
            }
        });

        await arrived.Task.WaitAsync(Patience);
        await target.DisposeAsync().AsTask().WaitAsync(Patience);
        Volatile.Write(ref disposed, true);
        Assert.False(target.Send([2], sender.LocalEndpoints[0]));
        await stop.CancelAsync();
        await traffic.WaitAsync(Patience);

        Assert.Equal(0, Volatile.Read(ref late));
    }

    [Fact]
    public async Task A_receiver_may_dispose_its_transport()
    {
        var (sender, _) = OpenStarted();
        var target = Open();
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        target.Start(new Inbox(_ =>
        {
            target.DisposeAsync().AsTask().GetAwaiter().GetResult();
            done.TrySetResult();
        }));

        Assert.True(sender.Send([1], target.LocalEndpoints[0]));

        await done.Task.WaitAsync(Patience);
        Assert.False(target.Send([1], sender.LocalEndpoints[0]));
    }

    private static byte[] Pattern(int size) => [.. Enumerable.Range(0, size).Select(i => (byte)((i * 31) + (i >> 8)))];

    private IDatagramTransport Open()
    {
        var transport = Create();
        _opened.Add(transport);
        return transport;
    }

    private (IDatagramTransport Transport, Inbox Inbox) OpenStarted()
    {
        var transport = Open();
        var inbox = new Inbox();
        transport.Start(inbox);
        return (transport, inbox);
    }

    private sealed class Inbox(Action<byte[]>? onDatagram = null) : IDatagramReceiver
    {
        private readonly ConcurrentQueue<(byte[] Datagram, UdpEndpoint Source)> _datagrams = new();
        private readonly SemaphoreSlim _arrived = new(0);

        public IResponseRoute? LastRoute { get; private set; }

        public void Receive(ReadOnlySpan<byte> datagram, UdpEndpoint source, IResponseRoute route, TimeSpan age)
        {
            var copy = datagram.ToArray();
            onDatagram?.Invoke(copy);
            LastRoute = route;
            _datagrams.Enqueue((copy, source));
            _arrived.Release();
        }

        public async Task<(byte[] Datagram, UdpEndpoint Source)> NextAsync()
        {
            Assert.True(await _arrived.WaitAsync(Patience), "No datagram arrived in time.");
            Assert.True(_datagrams.TryDequeue(out var next));
            return next;
        }
    }

    private sealed class Echo : IDatagramReceiver
    {
        public void Receive(ReadOnlySpan<byte> datagram, UdpEndpoint source, IResponseRoute route, TimeSpan age) => route.Send(datagram, source);
    }
}
