using System.Text;
using KadOrleans.Cli;

namespace KadOrleans.Cluster.Tests.EdgeRole;

/// <summary>One <c>kad admin export</c> or <c>import</c> of a cluster, whose API is served for it, and what it left behind.</summary>
internal sealed record TransferRun(int Code, byte[] Bytes, string Error)
{
    public string Output => Encoding.UTF8.GetString(Bytes).Trim();

    public JsonNode Json => JsonNode.Parse(Output)!;

    public static T Uncalled<T>()
        where T : class => Fake.Of<T>((method, _) => throw new NotSupportedException($"{method} is not called."));

    public static Task<TransferRun> ExportAsync(IDhtAdmin admin, string file = StateFile.Standard) => RunAsync(admin, [], "export", file);

    public static Task<TransferRun> ImportAsync(IDhtAdmin admin, byte[] file, params string[] options) =>
        RunAsync(admin, file, ["import", StateFile.Standard, .. options]);

    private static async Task<TransferRun> RunAsync(IDhtAdmin admin, byte[] input, params string[] args)
    {
        using var folder = new TemporaryFolder();
        var (secret, token) = ApiToken.Create("operator", [ApiScope.View, ApiScope.Manage]);
        File.WriteAllText(folder["token"], secret);
        await using var server = await StatusServer.StartAsync(
            new HttpPlace(new IPEndPoint(IPAddress.Loopback, 0), HostNames.None, "--http", "--http-host"),
            () => new Health(Health.Ready),
            pages => pages.MapDhtApi(),
            services => services.AddSingleton(Uncalled<IDht>()).AddSingleton(admin).AddDhtApi(new ApiTokens(token)),
            NullLoggerFactory.Instance,
            TestContext.Current.CancellationToken);
        using var output = new MemoryStream();
        using var error = new StringWriter();
        using var io = new CommandIo(() => new MemoryStream(input), output, TextWriter.Synchronized(error));
        var code = await KadCommand.RunAsync(
            ["admin", .. args, "--url", $"http://{server.Address}", "--token-file", folder["token"]], io, TestContext.Current.CancellationToken);
        return new TransferRun(code, output.ToArray(), error.ToString().Trim());
    }
}
