namespace KadOrleans.Tests.Cli;

/// <summary>With <c>--json</c> a command that fails prints one object with an error on the standard output.</summary>
public sealed class ErrorObjectTests
{
    private const string Silent = "--via 127.0.0.1:9";

    private static readonly string[] Unanswered =
    [
        $"set k v {Silent}",
        $"get k {Silent}",
        "ping 127.0.0.1:9",
        "stun 127.0.0.1:9",
        $"find-node 356a192b7913b04c54574d18c28d46e6395428ab {Silent}",
        $"crawl {Silent}",
        $"size {Silent}",
    ];

    /// <summary>A command line, and the exit code and code of the error that it ends with.</summary>
    public static TheoryData<string, int, string> Failures => new()
    {
        { "get k --via nowhere", ExitCode.WrongUsage, "wrongUsage" },
        { $"set k 1.5 --type int {Silent}", ExitCode.WrongUsage, "wrongUsage" },
        { "ping no-such-host.invalid:80", ExitCode.WrongUsage, "wrongUsage" },
        { "stun a", ExitCode.WrongUsage, "wrongUsage" },
        { $"find-node 12 {Silent}", ExitCode.WrongUsage, "wrongUsage" },
        { $"crawl {Silent} --output -", ExitCode.WrongUsage, "wrongUsage" },
        { $"size {Silent} --lookups 7", ExitCode.WrongUsage, "wrongUsage" },
        { "state export - --data no/such/folder", ExitCode.WrongUsage, "wrongUsage" },
        { "state export f --data no/such/folder", ExitCode.WrongUsage, "wrongUsage" },
        { "state import no/such/file", ExitCode.WrongUsage, "wrongUsage" },
        { "get k --frobnicate", ExitCode.WrongUsage, "wrongUsage" },
        { "ping", ExitCode.WrongUsage, "wrongUsage" },
    };

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task A_failure_is_one_object_with_its_code_and_its_sentence(string commandLine, int exitCode, string code)
    {
        var run = await KadRun.RunAsync([.. commandLine.Split(' '), "--json"]);

        Assert.Equal(exitCode, run.ExitCode);
        Assert.Single(run.Output.TrimEnd().Split('\n'));
        Assert.Equal(code, run.Json["error"]!["code"]!.GetValue<string>());
        Assert.Equal(run.Error.TrimEnd().Split(Environment.NewLine)[^1], run.Json["error"]!["message"]!.GetValue<string>());
    }

    // Each waits for its timeouts.
    [Fact]
    public Task Silence_is_one_object_with_its_code_and_its_sentence() => Task.WhenAll(
        Unanswered.Select(commandLine => A_failure_is_one_object_with_its_code_and_its_sentence(commandLine, ExitCode.Unreachable, "unreachable")));

    [Fact]
    public async Task A_key_without_a_value_has_the_lookup_beside_the_error()
    {
        await using var node = await NodeProcess.StartAsync("--in-memory");
        var run = await KadRun.RunAsync("get", "nothing", "--via", node.Address, "--json");

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.False(run.Json["found"]!.GetValue<bool>());
        Assert.Equal("failed", run.Json["error"]!["code"]!.GetValue<string>());
        Assert.StartsWith("Not found: nothing", run.Json["error"]!["message"]!.GetValue<string>(), StringComparison.Ordinal);
    }
}
