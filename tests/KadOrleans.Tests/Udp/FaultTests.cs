using KadOrleans.Tests.Node;
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
    [InlineData("127.0.0.1:0", 1)]
    [InlineData("0.0.0.0:9", 1)]
    [InlineData("224.0.0.1:9", 1)]
    [InlineData("255.255.255.255:9", 1)]
    [InlineData("[::]:9", 1)]
    [InlineData("[ff02::1]:9", 1)]
    [InlineData("[::1]:8468", 1)]
    [InlineData("[2001:db8::1]:8468", 1)]
    [InlineData("127.0.0.1:9", 65_536)]
    public async Task Nothing_is_sent_to_what_is_no_node_of_the_family_or_beyond_UDPs_length(string destination, int length)
    {
        await using var transport = UdpTransport.Bind(UdpEndpoint.Parse("0.0.0.0:0"));
        using var contact = new PlainSocket("127.0.0.1:0");

        Assert.False(transport.Send(new byte[length], UdpEndpoint.Parse(destination)));
        Assert.True(transport.Send([1], contact.Endpoint));
        Assert.Equal(new byte[] { 1 }, (await contact.NextAsync()).Datagram);
    }

    [Fact]
    public async Task Faults_of_the_receiver_are_counted_and_logged_ever_more_rarely()
    {
        using var log = new RecordingLog();
        await using var transport = UdpTransport.Bind(new() { Listen = [AnyPort] }, new Logger<UdpTransport>(log));
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
        Assert.Equal(4, log.Events.Count(line => line.Level == LogLevel.Error));
        Assert.Contains(log.Events, line => line.Text.EndsWith("(8 so far).", StringComparison.Ordinal));
        Assert.Contains(log.Events, line => line.Text.Contains(contact.Endpoint.ToString(), StringComparison.Ordinal));
        Assert.Contains(log.Events, line => line.Text.StartsWith("Listening on 127.0.0.1:", StringComparison.Ordinal));
        Assert.Contains(log.Events, line => line.Text.StartsWith("Stopped listening", StringComparison.Ordinal));
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
}
