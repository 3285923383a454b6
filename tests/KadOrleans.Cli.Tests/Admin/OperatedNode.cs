using KadOrleans.Http.Access;
using KadOrleans.Testing;
using KadOrleans.Testing.Processes;

namespace KadOrleans.Cli.Tests.Admin;

/// <summary>A real <c>kad node</c>, and a token with the two scopes that the documentation of <c>kad admin</c> asks for.</summary>
public sealed class OperatedNode : IAsyncLifetime
{
    internal TemporaryFolder Folder { get; } = new();

    internal NodeProcess Node { get; private set; } = null!;

    internal string Url => $"http://{Node.HttpAddress}";

    public async ValueTask InitializeAsync()
    {
        var (secret, token) = ApiToken.Create("operator", [ApiScope.View, ApiScope.Manage]);
        File.WriteAllText(Folder["tokens.json"], ApiTokens.Write([token]));
        File.WriteAllText(Folder["operator.token"], secret);
        Node = await NodeProcess.StartAsync("--data", Folder.Path, "--http-tokens", Folder["tokens.json"]);
    }

    public async ValueTask DisposeAsync()
    {
        await Node.DisposeAsync();
        Folder.Dispose();
    }

    internal Task<AdminRun> RunAsync(params string[] args) =>
        AdminRun.RunAsync([.. args, "--url", Url, "--token-file", Folder["operator.token"]]);

    internal Task<AdminRun> OnTerminalAsync(params string[] args) =>
        AdminRun.OnTerminalAsync(true, [.. args, "--url", Url, "--token-file", Folder["operator.token"]]);

    internal async Task<AdminRun> DoneAsync(params string[] args)
    {
        var run = await RunAsync(args);
        Assert.True(run.ExitCode == ExitCode.Done, run.Error);
        return run;
    }
}
