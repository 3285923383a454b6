namespace KadOrleans.Cluster.Tests.Providers;

/// <summary>
/// README's commands with Docker, by podman. The image is the one that <see cref="ServerImage"/> makes, in the place of the registry's. The
/// container has the network of the machine in place of a published port, and a port that is free.
/// </summary>
[Needs(Need.Podman)]
[Trait("Tier", "Long")]
public sealed class ReadmeContainerTests : FolderTests
{
    [Fact]
    public async Task The_container_serves_a_value_also_after_another_one_took_its_volume()
    {
        var image = new ServerImage(Folder, "kad", "KadOrleans.Cli");
        await image.BuildAsync();
        var address = $"127.0.0.1:{FreePort.Udp()}";
        var commands = Snippet.Of("README.md", "sh").SelectMany(block => block.Lines)
            .Where(line => line.StartsWith("docker run ", StringComparison.Ordinal)).ToList();
        var node = Assert.Single(commands, line => line.EndsWith(" node --data /data", StringComparison.Ordinal));
        var set = Assert.Single(commands, line => line.Contains(" set greeting hello ", StringComparison.Ordinal));
        var get = Assert.Single(commands, line => line.Contains(" get greeting ", StringComparison.Ordinal));
        string[] serve = [.. Arguments(node).Prepend("--detach"), "--listen", address];

        var first = await StartAsync();
        await RunAsync(Arguments(set));
        Assert.Equal("hello", await RunAsync(Arguments(get)));
        await EndAsync(first);

        var second = await StartAsync();
        Assert.Equal("hello", await RunAsync(Arguments(get)));
        await EndAsync(second);

        // By SIGKILL.
        Task EndAsync(string container) => image.PodmanAsync("rm", "--force", "--time", "0", container);

        async Task<string> StartAsync()
        {
            var container = await RunAsync(serve);
            await Eventually.ReadAsync(
                () => image.PodmanAsync("logs", container), log => log.Contains($"listening udp {address}", StringComparison.Ordinal));
            return container;
        }

        // Limits above the machine's own cannot be set.
        Task<string> RunAsync(params IEnumerable<string> arguments) =>
            image.PodmanAsync(["run", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=4096:4096", .. arguments]);

        // What follows 'docker run'.
        string[] Arguments(string command)
        {
            var published = Regex.Replace(command, "--publish \\S+", "--network host");
            var own = Regex.Replace(published, @"ghcr\.io/OWNER/kad:\S+", image.Name);
            Assert.NotEqual(published, own);
            return own.Replace("127.0.0.1:8468", address, StringComparison.Ordinal).Split(' ')[2..];
        }
    }
}
