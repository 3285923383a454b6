using System.Net;
using System.Net.Sockets;

namespace KadOrleans.Cluster.Tests.EdgeRole;

public sealed class EdgeProgramTests
{
    [Theory]
    [InlineData("Kad:Http", "nowhere", "Kad:Http is 'nowhere'")]
    [InlineData("Kad:Http:Hosts", "kad.example.org:80", "Kad:Http:Hosts is 'kad.example.org:80'; host names without a port are needed")]
    [InlineData("Kad:Http", "\u001b[2J\u202e", "Kad:Http is '␛[2J<U+202E>'")]
    [InlineData("Kad:Htpp", "8081", "Kad:Htpp is not a setting; ")]
    [InlineData("Kad:Cluster:Gateway", "127.0.0.1", "Kad:Cluster:Gateway is '127.0.0.1'")]
    [InlineData("Kad:Cluster:Gateway", "127.0.0.1:0", "Kad:Cluster:Gateway is '127.0.0.1:0'")]
    [InlineData("Kad:Telemetry:Endpoint", "collector", "Kad:Telemetry:Endpoint is 'collector'; the http://")]
    [InlineData("Kad:Storage", "Paper", "Kad:Storage is 'Paper'; Local")]
    [InlineData("Kad:Storage", "AdoNet", "Kad:PostgreSql:ConnectionString is missing")]
    [InlineData("Kad:PostgreSql:ConnectionString", "Hst=db;Password=secret", "Kad:PostgreSql:ConnectionString has the key 'hst', ")]
    [InlineData("Orleans:Clustering:ProviderType", "Paper", "Orleans:Clustering:ProviderType is 'Paper'")]
    public async Task A_mistake_ends_start_up_with_a_sentence(string key, string value, string expected)
    {
        var (code, output, error) = await RunAsync($"--{key}={value}", "--Kad:Edge:Name=a");
        Assert.Equal(2, code);
        Assert.Empty(output);
        Assert.Contains(expected, Assert.Single(Lines(error)), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_mistake_is_told_on_a_line()
    {
        var (code, _, error) = await RunAsync("Kad:Http=nowhere", "Kad:Verbose=yes", "Kad:Edge:Listen=nowhere");
        Assert.Equal(2, code);
        Assert.Equal(3, Lines(error).Length);
    }

    [Fact]
    public async Task A_taken_udp_port_ends_start_up_before_any_silo_is_found()
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var (code, _, error) = await RunAsync($"--Kad:Edge:Listen={taken.LocalEndPoint}", "--Kad:Http=0");
        Assert.Equal(2, code);
        Assert.StartsWith($"Kad:Edge:Listen: Cannot listen on {taken.LocalEndPoint}", Lines(error)[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_taken_http_port_ends_start_up()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var (code, _, error) = await RunAsync($"--Kad:Http={taken.LocalEndpoint}", "--Kad:Edge:Listen=127.0.0.1:0");
        Assert.Equal(2, code);
        Assert.StartsWith(
            $"Kad:Http: the address cannot be listened on: Failed to bind to address http://{taken.LocalEndpoint}",
            Assert.Single(Lines(error)),
            StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await ServerProgram.RunAsync(["Kad:Role=Edge", .. args], new KadProviders(), output, TextWriter.Synchronized(error));
        return (code, output.ToString(), error.ToString());
    }

    private static string[] Lines(string text) => text.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
}
