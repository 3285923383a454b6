using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Tests.Udp;

public sealed class FaultTests
{
    private static readonly UdpEndpoint AnyPort = UdpEndpoint.Parse("127.0.0.1:0");

    [Fact]
    public async Task Sending_to_a_closed_port_harms_neither_sending_nor_receiving()
    {
        await using var transport = UdpTransport.Bind(AnyPort);
        var inbox = new Inbox();
        transport.Start(inbox);
        using var contact = new PlainSocket("127.0.0.1:0");

        for (byte i = 0; i < 50; i++)
        {
            transport.Send([i], UdpEndpoint.FromIPv4(0x7F00_0001, (ushort)FreePort.Udp()));
            Assert.True(transport.Send([i], contact.Endpoint));
            Assert.Equal(new[] { i }, (await contact.NextAsync()).Datagram);
            contact.Send([i], transport.LocalEndpoints[0]);
            Assert.Equal(new[] { i }, (await inbox.NextAsync()).Datagram);
        }
    }

    [Theory]
    [InlineData("127.0.0.1:0")]
    [InlineData("0.0.0.0:9")]
    [InlineData("224.0.0.1:9")]
    [InlineData("255.255.255.255:9")]
    [InlineData("[::]:9")]
    [InlineData("[ff02::1]:9")]
    public async Task Nothing_is_sent_to_what_is_no_single_node(string destination)
    {
        await using var transport = UdpTransport.Bind(UdpEndpoint.Parse("0.0.0.0:0"));

        Assert.False(transport.Send([1], UdpEndpoint.Parse(destination)));
        Assert.Equal(1, transport.SendFailures);
        Assert.Equal(0, transport.DatagramsSent);
    }

    [Fact]
    public async Task A_datagram_too_long_for_UDP_is_a_failed_send()
    {
        await using var transport = UdpTransport.Bind(AnyPort);
        using var contact = new PlainSocket("127.0.0.1:0");

        Assert.False(transport.Send(new byte[65_536], contact.Endpoint));
        Assert.Equal(1, transport.SendFailures);
        Assert.True(transport.Send([1], contact.Endpoint));
        Assert.Equal(new byte[] { 1 }, (await contact.NextAsync()).Datagram);
    }

    [Fact]
    public async Task The_longest_datagram_of_IPv4_arrives_whole()
    {
        const int Longest = 65_507;
        await using var transport = UdpTransport.Bind(AnyPort);
        var inbox = new Inbox();
        transport.Start(inbox);

        Assert.True(transport.Send(new byte[Longest], transport.LocalEndpoints[0]));

        Assert.Equal(Longest, (await inbox.NextAsync()).Datagram.Length);
    }

    [Fact]
    public async Task Faults_of_the_receiver_are_counted_and_logged_ever_more_rarely()
    {
        var log = new MemoryLogger();
        await using var transport = UdpTransport.Bind(new UdpTransportOptions { Listen = [AnyPort] }, log);
        using var contact = new PlainSocket("127.0.0.1:0");
        transport.Start(new DelegateReceiver((datagram, source, _) =>
        {
            transport.Send(datagram, source);
            throw new InvalidOperationException("The receiver fails on purpose.");
        }));

        for (byte i = 0; i < 10; i++)
        {
            contact.Send([i], transport.LocalEndpoints[0]);
            await contact.NextAsync();
        }

        await transport.DisposeAsync();
        Assert.Equal(4, log.Lines.Count(line => line.Level == LogLevel.Error));
        Assert.Contains(log.Lines, line => line.Text.EndsWith("(8 so far).", StringComparison.Ordinal));
        Assert.Contains(log.Lines, line => line.Text.Contains(contact.Endpoint.ToString(), StringComparison.Ordinal));
        Assert.Contains(log.Lines, line => line.Text.StartsWith("Listening on 127.0.0.1:", StringComparison.Ordinal));
        Assert.Contains(log.Lines, line => line.Text.StartsWith("Stopped listening", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Sent_datagrams_are_counted()
    {
        await using var transport = UdpTransport.Bind(AnyPort, AnyPort);
        var inbox = new Inbox();
        transport.Start(inbox);
        foreach (var endpoint in transport.LocalEndpoints)
        {
            Assert.True(transport.Send(new byte[30], endpoint));
            await inbox.NextAsync();
        }

        Assert.Equal(2, transport.DatagramsSent);
        Assert.Equal(0, transport.SendFailures);
    }

    [Fact]
    public async Task Disposing_waits_for_the_receiver_that_is_running()
    {
        await using var transport = UdpTransport.Bind(AnyPort);
        using var release = new ManualResetEventSlim();
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var left = false;
        transport.Start(new DelegateReceiver((_, _, _) =>
        {
            entered.SetResult();
            release.Wait(Patience.Long);
            Volatile.Write(ref left, true);
        }));
        Assert.True(transport.Send([1], transport.LocalEndpoints[0]));
        await entered.Task.WaitAsync(Patience.Long);

        var disposal = transport.DisposeAsync().AsTask();
        Assert.False(disposal.IsCompleted);
        release.Set();
        await disposal.WaitAsync(Patience.Long);

        Assert.True(Volatile.Read(ref left));
    }

    private sealed class MemoryLogger : ILogger<UdpTransport>
    {
        internal ConcurrentQueue<(LogLevel Level, string Text)> Lines { get; } = new();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue((logLevel, formatter(state, exception)));
    }
}
