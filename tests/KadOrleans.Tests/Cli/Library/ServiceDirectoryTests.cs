using KadOrleans.Signatures;

namespace KadOrleans.Tests.Cli;

/// <summary>The sample of a directory whose entries only their services change.</summary>
public sealed class ServiceDirectoryTests(RunningNode node) : FolderTests, IClassFixture<RunningNode>
{
    [Fact]
    public async Task A_service_is_found_where_it_says_that_it_is_until_it_is_stopped()
    {
        using var pair = Ed25519KeyPair.Generate();
        var (path, name) = (Path.Combine(Folder, "service.pem"), Convert.ToHexStringLower(pair.PublicKey.Span));
        await File.WriteAllTextAsync(path, pair.ExportPem(), TestContext.Current.CancellationToken);
        foreach (var address in (string[])["10.0.0.7:443", "10.0.0.8:443"])
        {
            await using var service = Start($"--Key={path}", $"--Serves={address}", "--Listen=127.0.0.1:0", "--Data=data");
            Assert.Equal($"{name} is at {address}.", await service.ReadLineAsync());
            Assert.Equal((0, address), await FindAsync(name));
            await service.SignalAsync("TERM");
            Assert.Equal("It has ended.", await service.ReadLineAsync());
            Assert.Equal(0, await service.FinishAsync());
            Assert.Equal((1, "No such service runs."), await FindAsync(name));
        }
    }

    [Theory]
    [InlineData("--Key=… is missing; --Key=FILE and --Serves=ADDRESS are needed, or --Finds=KEY.", "--Serves=10.0.0.7:443")]
    [InlineData("--Serves=… is missing; --Key=FILE and --Serves=ADDRESS are needed, or --Finds=KEY.", "--Key=KEY", "--Serves=")]
    [InlineData("--Finds is 'zz'; a public key of 64 hexadecimal digits is needed.", "--Finds=zz")]
    [InlineData("--Key is 'empty.pem', which has no private key; 'kad item keygen FILE' makes a file with one.", "--Key=empty.pem", "--Serves=10.0.0.7:443")]
    [InlineData("Could not find file", "--Key=none.pem", "--Serves=10.0.0.7:443")]
    public async Task What_is_wrong_or_missing_gets_a_sentence_before_a_node_starts(string sentence, params string[] args)
    {
        using var pair = Ed25519KeyPair.Generate();
        await File.WriteAllTextAsync(Path.Combine(Folder, "KEY"), pair.ExportPem(), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(Folder, "empty.pem"), string.Empty, TestContext.Current.CancellationToken);
        await using var service = Start([.. args, "--Listen=127.0.0.1:0", "--Data=data"]);

        Assert.Equal(1, await service.FinishAsync());
        Assert.Contains(sentence, service.Error.Text, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(Folder, "data")));
    }

    private async Task<(int ExitCode, string? Line)> FindAsync(string name)
    {
        await using var caller = Start($"--Finds={name}", "--Listen=127.0.0.1:0");
        var line = await caller.ReadLineAsync();
        return (await caller.FinishAsync(), line);
    }

    private ChildProcess Start(params string[] args) => ChildProcess.Start(
        GuestbookVisits.PathOf("ServiceDirectory"), Folder, [.. args, $"--Kad:Bootstrap:0={node.Address}", "--Logging:LogLevel:Default=Warning"]);
}
