using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace KadOrleans.Cluster.Tests.SiloRole;

public sealed class FirstMessageTests : FolderTests
{
    [Theory]
    [InlineData("", 0, false)]
    [InlineData("05 00", 0, false)]
    [InlineData("05 00 00 00 01 02 03 04", 0, false)]
    [InlineData("05 00 00 00 01 02 03 04 05", 0, true)]
    [InlineData("05 00 00 00 01 02 03 04 05 06 07", 0, true)]
    [InlineData("09 00 00 00 01 68 6F 73 74 65 64 2D 02", 0, false)]
    [InlineData("09 00 00 00 01 68 6F 73 74 65 64 2D 02", 1, true)]
    [InlineData("01 04 00 00", 0, false)]
    [InlineData("FF FF FF FF", 0, false)]
    public async Task A_connection_is_served_once_its_whole_first_message_has_come(string bytes, int allowedHosted, bool isServed)
    {
        var (input, output) = (new Pipe(), new Pipe());
        var sent = bytes.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(text => Convert.ToByte(text, 16)).ToArray();
        await using var connection = new FakeConnection { Transport = new Duplex(input.Reader, output.Writer) };
        await input.Writer.WriteAsync(sent, TestContext.Current.CancellationToken);
        await input.Writer.CompleteAsync();
        byte[]? read = null;
        await FirstMessage.ExpectAsync(
            connection,
            async inner =>
            {
                var all = await inner.Transport.Input.ReadAsync();
                read = all.Buffer.ToArray();
            },
            allowedHosted);
        Assert.Equal((isServed, !isServed), (read is not null, connection.IsAborted));
        Assert.Equal(isServed ? sent : null, read);
    }

    // A client under the name of the silo's own client would be given its responses.
    [Fact]
    public async Task A_client_under_the_name_of_the_client_within_a_silo_is_not_connected()
    {
        var gateway = FreePort.Tcp();
        await using var silo = await SiloProcess.StartedAsync(Folder, $"Kad:Silo:GatewayPort={gateway}", SiloServer.ShardBits(4));
        var parts = (await silo.StatusAsync()).GetProperty("silo").GetString()![1..].Split(':');
        var key = ClusterClient.KeyOf(Path.Combine(Folder, "kad-cluster-data"), KeySettings.GatewayFileName);
        Assert.True(await FirstGreeting.IsAnsweredAsync(gateway, "0123456789abcdef0123456789abcdef", key));
        Assert.False(await FirstGreeting.IsAnsweredAsync(gateway, "0123456789abcdef0123456789abcdef"));
        foreach (var name in new[] { $"hosted-{parts[0]}:{parts[1]}@{parts[2]}", "hosted-evil" })
        {
            Assert.False(await FirstGreeting.IsAnsweredAsync(gateway, name, key));
        }
    }

    [Theory]
    [InlineData("GatewayPort")]
    [InlineData("Port")]
    public async Task Idle_connections_keep_nobody_from_the_gateway(string port)
    {
        var (gateway, flooded) = (FreePort.Tcp(), FreePort.Tcp());
        string[] ports = port == "Port" ? [$"Kad:Silo:Port={flooded}", $"Kad:Silo:GatewayPort={gateway}"] : [$"Kad:Silo:GatewayPort={flooded = gateway}"];
        await using var silo = await SiloProcess.StartedAsync(
            Folder, ["Kad:Edge:Enabled=false", SiloServer.ShardBits(4), "Kad:Silo:Connections=16", .. ports]);
        var idle = new List<TcpClient>();
        try
        {
            for (var i = 0; i < 64; i++)
            {
                var client = new TcpClient();
                idle.Add(client);
                await client.ConnectAsync(IPAddress.Loopback, flooded, TestContext.Current.CancellationToken);
            }

            await using var orleans = await ClusterClient.ConnectAsync(gateway, Path.Combine(Folder, "kad-cluster-data"));
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
