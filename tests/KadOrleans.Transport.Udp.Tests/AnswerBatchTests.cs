using KadOrleans.Core;
using KadOrleans.Node.Ports;

namespace KadOrleans.Transport.Udp.Tests;

public sealed class AnswerBatchTests
{
    private static readonly UdpEndpoint AnyPort = UdpEndpoint.Parse("127.0.0.1:0");

    [Fact]
    public async Task Without_a_batch_an_answer_leaves_at_once()
    {
        await using var transport = Start();
        using var contact = new PlainSocket("127.0.0.1:0");

        Assert.True(transport.SendAnswer([1], contact.Endpoint));

        Assert.Equal(1, transport.DatagramsSent);
        Assert.Equal(new byte[] { 1 }, (await contact.NextAsync()).Datagram);
    }

    [Fact]
    public async Task Within_a_batch_answers_wait_and_nothing_else_does()
    {
        await using var transport = Start();
        using var contact = new PlainSocket("127.0.0.1:0");

        AnswerBatch.Run(() =>
        {
            Assert.True(transport.SendAnswer([1], contact.Endpoint));
            Assert.True(transport.SendAnswer([2], contact.Endpoint));
            Assert.Equal(OperatingSystem.IsLinux() ? 0 : 2, transport.DatagramsSent);
            Assert.True(transport.Send([3], contact.Endpoint));
            Assert.Equal(OperatingSystem.IsLinux() ? 1 : 3, transport.DatagramsSent);
        });

        Assert.Equal(3, transport.DatagramsSent);
        Assert.Equal(3, transport.BytesSent);
        var seen = new List<byte>();
        for (var i = 0; i < 3; i++)
        {
            seen.Add((await contact.NextAsync()).Datagram[0]);
        }

        Assert.Equal(new byte[] { 1, 2, 3 }, seen.Order());
    }

    [Fact]
    public async Task An_answer_too_long_to_wait_leaves_at_once()
    {
        await using var transport = Start();
        using var contact = new PlainSocket("127.0.0.1:0");
        var answer = new byte[60_000];

        AnswerBatch.Run(() =>
        {
            Assert.True(transport.SendAnswer(answer, contact.Endpoint));
            Assert.Equal(1, transport.DatagramsSent);
        });

        Assert.Equal(answer.Length, (await contact.NextAsync()).Datagram.Length);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_waits_when_the_transport_is_closed_is_sent_before(bool sharesThreads)
    {
        var transport = UdpTransport.Bind(new UdpTransportOptions { Listen = [AnyPort], SharesThreads = sharesThreads });
        transport.Start(new DelegateReceiver((_, _) => { }));
        using var contact = new PlainSocket("127.0.0.1:0");
        var closing = Task.CompletedTask;

        AnswerBatch.Run(() =>
        {
            Assert.True(transport.SendAnswer([1], contact.Endpoint));
            closing = transport.DisposeAsync().AsTask();
            Assert.False(transport.SendAnswer([2], contact.Endpoint));
        });
        await closing;

        Assert.Equal(1, transport.DatagramsSent);
        Assert.Equal(new byte[] { 1 }, (await contact.NextAsync()).Datagram);
    }

    [Fact]
    public async Task Answers_that_the_system_does_not_take_leave_the_others_alone()
    {
        await using var transport = Start();
        using var contact = new PlainSocket("127.0.0.1:0");

        // To an address that no loopback socket reaches.
        var unreachable = UdpEndpoint.Parse("192.0.2.1:9");
        AnswerBatch.Run(() =>
        {
            transport.SendAnswer([1], unreachable);
            transport.SendAnswer([2], contact.Endpoint);
        });

        Assert.Equal(1, transport.DatagramsSent);
        Assert.Equal(1, transport.SendFailures);
        Assert.Equal(new byte[] { 2 }, (await contact.NextAsync()).Datagram);
    }

    private static UdpTransport Start()
    {
        var transport = UdpTransport.Bind(AnyPort);
        transport.Start(new DelegateReceiver((_, _) => { }));
        return transport;
    }
}
