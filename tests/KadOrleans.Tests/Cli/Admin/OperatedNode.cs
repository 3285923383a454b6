namespace KadOrleans.Tests.Cli;

/// <summary>A real <c>kad node</c>, and a token with the two scopes that the documentation of <c>kad admin</c> asks for.</summary>
public class OperatedNode : IAsyncLifetime
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
        GC.SuppressFinalize(this);
        await Node.DisposeAsync();
        Folder.Dispose();
    }

    internal Task<KadRun> RunAsync(params string[] args) => KadRun.RunAsync(ArgumentsOf(args));

    internal Task<KadRun> OnTerminalAsync(params string[] args) => KadRun.RunAsync([], true, ArgumentsOf(args));

    internal Task<KadRun> DoneAsync(params string[] args) => KadRun.DoneAsync(ArgumentsOf(args));

    internal Task<KadRun> FailAsync(int exitCode, string sentence, params string[] args) => KadRun.FailAsync(exitCode, sentence, ArgumentsOf(args));

    private string[] ArgumentsOf(string[] args) => ["admin", .. args, "--url", Url, "--token-file", Folder["operator.token"]];
}
