using System.Diagnostics;
using System.Net.Http.Headers;

namespace KadOrleans.Tests.Cli;

/// <summary>The API of a real <c>kad node</c>, as a program and as the examples of docs/http.md call it.</summary>
public sealed class NodeApiTests
{
    [Fact]
    public async Task A_node_is_used_and_managed_by_who_may_read_its_data_folder_and_says_by_whom()
    {
        using var folder = new TemporaryFolder();
        await using var node = await NodeProcess.StartAsync("--data", folder.Path);
        using var http = Client(node, File.ReadAllText(folder["http-token"]).Trim());
        await PutAsync(HttpStatusCode.OK, http);
        FileModes.AssertOwnersAlone(folder.Path);

        var id = NodeId.FromKey("key").ToString();
        Assert.Equal(id, (string?)Assert.Single((await GetAsync(http, "/v1/admin/keys?prefix=a6"))["keys"]!.AsArray())!["digest"]);
        Assert.Equal(HttpStatusCode.OK, (await node.AskAsync("/console/", "localhost")).Code);

        using var deleted = await http.DeleteAsync(new Uri("/v1/admin/keys/key", UriKind.Relative));
        var entry = (await GetAsync(http, "/v1/admin/audit"))["entries"]![0]!;
        Assert.Equal(("data folder", "delete", id), ((string?)entry["who"], (string?)entry["action"], (string?)entry["target"]));
        await Eventually.IsTrueAsync(() => node.Process.Error.Text.Contains(
            $"info Audit: 'data folder' delete {id}: was held, was published", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_token_that_the_command_made_is_accepted()
    {
        using var folder = new TemporaryFolder();
        var file = folder["tokens.json"];
        var first = await KadRun.DoneAsync("token", "add", "reader", "--file", file);
        var second = await KadRun.DoneAsync("token", "add", "writer", "--file", file, "--scope", "read", "--scope", "write", "--rate", "5", "--json");
        await KadRun.FailAsync(
            ExitCode.WrongUsage, $"--file '{file}' is unchanged: two tokens have the name 'writer'; each needs its own.", "token", "add", "writer", "--file", file);

        Assert.Equal([("reader", 1_000), ("writer", 5)], ApiTokens.Read("--file", file).Select(token => (token.Name, token.RequestsPerSecond)));
        Assert.DoesNotContain(first.Output.Trim(), File.ReadAllText(file), StringComparison.Ordinal);
        await using var node = await NodeProcess.StartAsync("--in-memory", "--http-tokens", file);
        using var reader = Client(node, first.Output.Trim());
        using var writer = Client(node, (string)second.Json["token"]!);
        await PutAsync(HttpStatusCode.Forbidden, reader);
        await PutAsync(HttpStatusCode.OK, writer);
    }

    [Fact]
    [Needs(Need.Curl)]
    public Task The_example_for_curl_runs() => RunExampleAsync("bash", "bash", "-e");

    [Fact]
    [Needs(Need.Python)]
    public Task The_example_in_Python_runs() => RunExampleAsync("python", "python3");

    [Fact]
    [Needs(Need.NodeJs)]
    public Task The_example_in_JavaScript_runs() => RunExampleAsync("javascript", "node", "--input-type=module");

    /// <summary>Runs the examples of a language, one after the other, as one program reads them from its standard input.</summary>
    private static async Task RunExampleAsync(string language, string program, params string[] args)
    {
        using var folder = new TemporaryFolder();
        await using var node = await NodeProcess.StartAsync("--data", folder.Path);
        var examples = Snippet.Of("docs/http.md", language).ToList();
        Assert.NotEmpty(examples);
        var start = new ProcessStartInfo(program, args)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["URL"] = $"http://{node.HttpAddress}", ["TOKEN"] = File.ReadAllText(folder["http-token"]).Trim() },
        };
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.StandardInput.WriteAsync(string.Concat(examples.SelectMany(example => example.Lines).Select(line => line + "\n")));
        process.StandardInput.Close();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(process.ExitCode == 0, await error);
        Assert.Contains("hello", await output, StringComparison.Ordinal);
    }

    private static HttpClient Client(NodeProcess node, string token)
    {
        var http = new HttpClient { BaseAddress = new Uri($"http://{node.HttpAddress}") };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return http;
    }

    private static async Task PutAsync(HttpStatusCode expected, HttpClient http)
    {
        using var put = await http.PutAsync(new Uri("/v1/keys/key", UriKind.Relative), new StringContent("value"));
        Assert.Equal(expected, put.StatusCode);
    }

    private static async Task<JsonNode> GetAsync(HttpClient http, string path) =>
        JsonNode.Parse(await http.GetStringAsync(new Uri(path, UriKind.Relative)))!;
}
