namespace KadOrleans.Full.Tests;

public sealed class SnippetTests
{
    private static readonly SnippetProgram Program = new(
        ["KadOrleans.Client", "Microsoft.Extensions.DependencyInjection", "KadOrleans.Server.Full", "Orleans.Connections.Security", "Orleans.Hosting"],
        new Dictionary<string, string>
        {
            ["certificate"] = "System.Security.Cryptography.X509Certificates.X509Certificate2",
            ["client"] = "Orleans.Hosting.IClientBuilder",
            ["configuration"] = "Microsoft.Extensions.Configuration.IConfiguration",
        });

    [Fact]
    public async Task Each_block_of_code_compiles()
    {
        var snippets = Snippet.OfAll("csharp", "cs").Where(snippet => snippet.NeedsProviders && !snippet.IsAppHost).ToList();

        Assert.NotEmpty(snippets);
        Assert.Empty(await Program.BuildAsync(snippets));
    }
}
