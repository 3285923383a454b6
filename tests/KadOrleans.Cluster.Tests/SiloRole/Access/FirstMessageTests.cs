using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace KadOrleans.Cluster.Tests.SiloRole;

public sealed class FirstMessageTests : FolderTests
{
    private readonly ManualTimeProvider _time = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_connection_ends_in_time_without_an_answer_to_a_first_message_and_stays_with_one(bool isAnswered)
    {
        var (input, output) = (new Pipe(), new Pipe());
        await using var connection = new FakeConnection { Transport = new Duplex(input.Reader, output.Writer) };
        var served = new TaskCompletionSource();
        var running = FirstMessage.ExpectAsync(
            connection,
            async inner =>
            {
                if (isAnswered)
                {
                    await inner.Transport.Output.WriteAsync(new byte[] { 1 });
                }

                await served.Task;
            },
            _time);
        _time.Advance(FirstMessage.Timeout - TimeSpan.FromMilliseconds(1));
        Assert.False(connection.IsAborted);
        _time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(!isAnswered, connection.IsAborted);
        served.SetResult();
        await running;
    }

    [Fact]
    public async Task Idle_connections_keep_nobody_from_the_gateway()
    {
        var gateway = FreePort.Tcp();
        await using var silo = await SiloProcess.StartedAsync(
            Folder, "Kad:Edge:Enabled=false", $"Kad:Silo:GatewayPort={gateway}", SiloServer.ShardBits(4), "Kad:Silo:Connections=16");
        var idle = new List<TcpClient>();
        try
        {
            for (var i = 0; i < 64; i++)
            {
                var client = new TcpClient();
                idle.Add(client);
                await client.ConnectAsync(IPAddress.Loopback, gateway, TestContext.Current.CancellationToken);
            }

            await using var orleans = await ClusterClient.ConnectAsync(gateway);
            Assert.Equal(4, (await orleans.Dht.GetStatusAsync()).Settings?.ShardBits);
            Assert.DoesNotContain("onnection", silo.Errors, StringComparison.Ordinal);
        }
        finally
        {
            idle.ForEach(client => client.Dispose());
        }
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private sealed class FakeConnection : DefaultConnectionContext
    {
        public bool IsAborted { get; private set; }

        public override void Abort(ConnectionAbortedException abortReason) => IsAborted = true;
    }
}
