namespace KadOrleans.Tests.Udp;

public abstract class DatagramTransportContract : IAsyncDisposable
{
    private readonly List<IDatagramTransport> _opened = [];

    /// <summary>
    /// A transport that is bound and not started. All of one test reach each other at their local endpoints, and
    /// none of a few dozen datagrams between them is lost.
    /// </summary>
    protected abstract IDatagramTransport Create();

    public async ValueTask DisposeAsync()
    {
        foreach (var transport in _opened)
        {
            await transport.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    [Fact]
    public void Local_endpoints_are_real_and_distinct_before_the_start_which_happens_once()
    {
        var (first, second) = (Open(), Open());

        Assert.NotEmpty(first.LocalEndpoints);
        Assert.All(first.LocalEndpoints, one => Assert.Equal((true, "127.0.0.1"), (one.Port > 0, AddressText.Format(one))));
        Assert.Distinct(first.LocalEndpoints.Concat(second.LocalEndpoints));
        first.Start(new Inbox());
        Assert.Throws<InvalidOperationException>(() => first.Start(new Inbox()));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(22)]
    [InlineData(8213)]
    [InlineData(65_507)]
    public async Task A_datagram_arrives_with_its_bytes_and_source(int size)
    {
        var (sender, _) = OpenStarted();
        var (target, inbox) = OpenStarted();
        byte[] bytes = [.. Enumerable.Range(0, size).Select(i => (byte)((i * 31) + (i >> 8)))];

        foreach (var endpoint in target.LocalEndpoints)
        {
            Assert.True(sender.Send(bytes, endpoint));
            var arrival = await inbox.NextAsync();
            Assert.Equal(bytes, arrival.Datagram);
            Assert.Contains(arrival.Source, sender.LocalEndpoints);
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

        var first = (await inbox.NextAsync()).Datagram;
        Assert.Equal(new byte[] { 2 }, first[0] == 1 ? (await inbox.NextAsync()).Datagram : first);
    }

    [Fact]
    public async Task Datagrams_of_several_senders_all_arrive_each_with_its_sender()
    {
        const int Senders = 8, Rounds = 50, Burst = 4;
        var (target, inbox) = OpenStarted();
        var senders = Enumerable.Range(0, Senders).Select(_ => OpenStarted().Transport).ToArray();

        for (var round = 0; round < Rounds; round++)
        {
            for (var i = 0; i < Senders * Burst; i++)
            {
                var number = (byte)((round * Burst) + (i / Senders));
                Assert.True(senders[i % Senders].Send([(byte)(i % Senders), number], target.LocalEndpoints[0]));
            }

            var arrivals = await inbox.NextAsync(Senders * Burst);
            Assert.All(arrivals, arrival => Assert.Contains(arrival.Source, senders[arrival.Datagram[0]].LocalEndpoints));
            Assert.Distinct(arrivals.Select(arrival => (arrival.Datagram[0], arrival.Datagram[1])));
        }
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
        Assert.Distinct((await inbox.NextAsync(Threads * Each)).Select(arrival => (arrival.Datagram[0], arrival.Datagram[1])));
    }

    [Fact]
    public async Task Responses_that_wait_for_others_all_arrive_with_the_flush_from_the_endpoint_that_was_asked()
    {
        const int Responses = 80;
        var (sender, senderInbox) = OpenStarted();
        var (target, inbox) = OpenStarted();
        foreach (var endpoint in sender.LocalEndpoints)
        {
            Assert.True(target.Send([0], endpoint));
            var request = await senderInbox.NextAsync();
            Assert.All(Enumerable.Range(0, Responses), i => Assert.True(request.Route.SendLater([(byte)i], request.Source)));
            request.Route.Flush();

            var arrivals = await inbox.NextAsync(Responses);
            Assert.Distinct(arrivals.Select(arrival => arrival.Datagram[0]));
            Assert.All(arrivals, arrival => Assert.Equal(endpoint, arrival.Source));
            Assert.True(request.Route.Send([1], request.Source));
            Assert.Equal(endpoint, (await inbox.NextAsync()).Source);
        }
    }

    [Fact]
    public async Task An_answer_sent_by_the_receiver_leaves_from_the_endpoint_that_was_asked()
    {
        var (asker, answers) = OpenStarted();
        var responder = Open();
        responder.Start(new DelegateReceiver((datagram, source, route) => route.Send(datagram, source)));

        foreach (var asked in responder.LocalEndpoints.Concat(responder.LocalEndpoints.Reverse()))
        {
            Assert.True(asker.Send([7], asked));
            var answer = await answers.NextAsync();
            Assert.Equal(new byte[] { 7 }, answer.Datagram);
            Assert.Equal(asked, answer.Source);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task It_sends_nothing_after_it_is_disposed_and_can_be_disposed_again(bool isStarted)
    {
        var transport = isStarted ? OpenStarted().Transport : Open();

        await transport.DisposeAsync();
        await transport.DisposeAsync();

        Assert.False(transport.Send([1], OpenStarted().Transport.LocalEndpoints[0]));
        Assert.Throws<ObjectDisposedException>(() => transport.Start(new Inbox()));
    }

    [Fact]
    public async Task Disposed_during_traffic_it_runs_no_receiver_any_more()
    {
        var (sender, _) = OpenStarted();
        var target = Open();
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var (disposed, late) = (false, 0);
        target.Start(new DelegateReceiver((_, _, _) =>
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

        await arrived.Task.WaitAsync(Patience.Long);
        await target.DisposeAsync().AsTask().WaitAsync(Patience.Long);
        Volatile.Write(ref disposed, true);
        Assert.False(target.Send([2], sender.LocalEndpoints[0]));
        await stop.CancelAsync();
        await traffic.WaitAsync(Patience.Long);

        Assert.Equal(0, Volatile.Read(ref late));
    }

    [Fact]
    public async Task A_receiver_may_dispose_its_transport()
    {
        var (sender, _) = OpenStarted();
        var target = Open();
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        target.Start(new DelegateReceiver((_, _, _) =>
        {
            target.DisposeAsync().AsTask().GetAwaiter().GetResult();
            done.TrySetResult();
        }));

        Assert.True(sender.Send([1], target.LocalEndpoints[0]));

        await done.Task.WaitAsync(Patience.Long);
        Assert.False(target.Send([1], sender.LocalEndpoints[0]));
    }

    private IDatagramTransport Open()
    {
        var transport = Create();
        _opened.Add(transport);
        return transport;
    }

    private (IDatagramTransport Transport, Inbox Inbox) OpenStarted()
    {
        var (transport, inbox) = (Open(), new Inbox());
        transport.Start(inbox);
        return (transport, inbox);
    }
}
