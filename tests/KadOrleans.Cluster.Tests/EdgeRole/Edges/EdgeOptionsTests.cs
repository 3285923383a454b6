using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace KadOrleans.Cluster.Tests.EdgeRole;

public sealed class EdgeOptionsTests
{
    [Fact]
    public void An_empty_section_has_defaults()
    {
        var options = Read();
        Assert.Equal(Environment.MachineName, options.Name);
        Assert.Equal([UdpEndpoint.Parse("0.0.0.0:8468")], options.Endpoints);
        Assert.Empty(options.Bootstrap);
        Assert.Empty(options.Trust);
        Assert.Equal((options.Name, 1), (Read(("Name", " "), ("NodeIds", "")).Name, Read(("NodeIds", " ")).Endpoints.Count));
    }

    [Theory]
    [InlineData("3", "0.0.0.0:8468", "0.0.0.0:8468 0.0.0.0:8469 0.0.0.0:8470")]
    [InlineData("2", "127.0.0.1:0", "127.0.0.1:0 127.0.0.1:0")]
    [InlineData("2", "[::1]:9, 127.0.0.1:9", "[::1]:9 127.0.0.1:9")]
    [InlineData(null, "127.0.0.1:9,127.0.0.1:11", "127.0.0.1:9 127.0.0.1:11")]
    [InlineData("2", null, "0.0.0.0:8468 0.0.0.0:8469")]
    [InlineData("1", "127.0.0.1:65535", "127.0.0.1:65535")]
    public void Each_id_gets_an_endpoint(string? count, string? listen, string expected) =>
        Assert.Equal(expected, string.Join(' ', Read(("NodeIds", count), ("Listen", listen)).Endpoints));

    [Fact]
    public void Lists_may_be_sections()
    {
        var options = Read(("Bootstrap:0", "a.example:1"), ("Bootstrap:1", "10.0.0.1:2"), ("Trust:0", "10.0.0.0/8"));
        Assert.Equal(["a.example:1", "10.0.0.1:2"], options.Bootstrap);
        Assert.Equal(["10.0.0.0/8"], options.Trust);
    }

    [Fact]
    public void Entries_of_a_list_come_behind_those_of_a_text()
    {
        var options = Read(("Bootstrap", "a.example:1,b.example:2"), ("Bootstrap:0", "c.example:3"), ("Bootstrap:1", "d.example:4"));
        Assert.Equal(["a.example:1", "b.example:2", "c.example:3", "d.example:4"], options.Bootstrap);
    }

    [Fact]
    public void The_bytes_of_answers_are_bounded_per_endpoint_and_in_all()
    {
        Assert.Equal(new UploadLimits(), Read().ToNodeOptions(new KademliaOptions()).Upload);
        var options = Read(("UploadPerEndpoint", "0"), ("Upload", "5000000"));
        Assert.Equal(new UploadLimits { PerEndpoint = 0, Total = 5_000_000 }, options.ToNodeOptions(new KademliaOptions()).Upload);
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("00:00:01", 1)]
    [InlineData("00:01:00", 60)]
    public void The_age_of_answers_is_bounded(string text, int seconds)
    {
        Assert.Equal(TimeSpan.FromSeconds(2), Read().MaxStaleness);
        Assert.Equal(TimeSpan.FromSeconds(seconds), Read(("MaxStaleness", text)).MaxStaleness);
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("00:00:01", 1)]
    [InlineData("00:05:00", 300)]
    public void The_age_of_answers_in_an_outage_is_bounded(string text, int seconds)
    {
        Assert.Equal(TimeSpan.FromSeconds(30), Read().MaxOutageStaleness);
        Assert.Equal(TimeSpan.FromSeconds(seconds), Read(("MaxOutageStaleness", text)).MaxOutageStaleness);
    }

    [Theory]
    [InlineData("MaxStaleness", "00:00:00.9", "Kad:Edge:MaxStaleness is '00:00:00.9000000'; a time of 00:00:01 to 00:01:00, or 0, is allowed.")]
    [InlineData("MaxStaleness", "2", "Kad:Edge:MaxStaleness is '2.00:00:00'")]
    [InlineData("MaxStaleness", "-00:00:02", "Kad:Edge:MaxStaleness is '-00:00:02'")]
    [InlineData("MaxOutageStaleness", "00:05:01", "Kad:Edge:MaxOutageStaleness is '00:05:01'; a time of 00:00:01 to 00:05:00, or 0, is allowed.")]
    [InlineData("Listen", "nowhere", "Kad:Edge:Listen is 'nowhere'")]
    [InlineData("Listen", "127.0.0.1:1,127.0.0.1:1", "more than once")]
    [InlineData("NodeIds", "0", "Kad:Edge:NodeIds is 0; 1 to 64 is allowed.")]
    [InlineData("NodeIds", "65", "Kad:Edge:NodeIds is 65")]
    [InlineData("NodeIds", "many", "Kad:Edge:NodeIds is 'many'")]
    [InlineData("Name", "a\u0001b", "Kad:Edge:Name is 'a\u0001b'")]
    [InlineData("Bootstrap", "host", "Kad:Edge:Bootstrap: 'host' is not HOST:PORT")]
    [InlineData("Trust", "10.0.0.0/99", "Kad:Edge:Trust is '10.0.0.0/99'")]
    [InlineData("UploadPerEndpoint", "16383", "Kad:Edge:UploadPerEndpoint is '16383'; 16384 to 1000000000000 bytes per second are allowed, or 0")]
    [InlineData("Upload", "fast", "Kad:Edge:Upload is 'fast'")]
    [InlineData("Bootsrap", "a:1", "Kad:Edge:Bootsrap is not a setting")]
    [InlineData("Listen:port", "1", "Kad:Edge:Listen:port is not a setting")]
    public void A_mistake_is_one_sentence(string key, string value, string expected)
    {
        var e = Assert.Throws<OptionsValidationException>(() => Read((key, value)));
        Assert.Contains(expected, Assert.Single(e.Failures), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("3", "127.0.0.1:1,127.0.0.1:2", "Kad:Edge:Listen is '127.0.0.1:1,127.0.0.1:2'; 3 node ids need ")]
    [InlineData("2", "127.0.0.1:65535", "Kad:Edge:Listen is '127.0.0.1:65535'; 2 ports are needed")]
    public void Ids_and_endpoints_must_fit(string count, string listen, string expected)
    {
        var e = Assert.Throws<OptionsValidationException>(() => Read(("NodeIds", count), ("Listen", listen)));
        Assert.Contains(expected, Assert.Single(e.Failures), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_mistake_is_told()
    {
        var e = Assert.Throws<OptionsValidationException>(() => Read(("Listen", "x"), ("Trust", "x"), ("Upload", "x")));
        Assert.Equal(3, e.Failures.Count());
    }

    private static EdgeOptions Read(params (string Key, string? Value)[] settings)
    {
        var configuration = new ConfigurationManager();
        foreach (var (key, value) in settings.Where(s => s.Value is not null))
        {
            configuration[$"Kad:Edge:{key}"] = value;
        }

        return KadSettings.ReadEdge(configuration).Edge;
    }
}
