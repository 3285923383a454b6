using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;

namespace KadOrleans.Tests.Cli;

/// <summary>The API of a real <c>kad node</c>, as a program and as the examples of docs/http.md call it.</summary>
public sealed class NodeApiTests
{
    [Fact]
    public async Task A_node_serves_its_keys_to_who_may_read_its_data_folder()
    {
        using var folder = new TemporaryFolder();
        await using var node = await NodeProcess.StartAsync("--data", folder.Path);
        using var http = Client(node, File.ReadAllText(folder["http-token"]).Trim());

        using var put = await http.PutAsync(new Uri("/v1/keys/key", UriKind.Relative), new StringContent("value"));
        Assert.Equal(HttpStatusCode.OK, put.StatusCode);
        Assert.Equal("value", (await GetAsync(http, "/v1/keys/key"))["value"]!.GetValue<string>());
        Assert.Equal(node.Id, (await GetAsync(http, "/v1/status"))["nodes"]![0]!["ids"]![0]!.GetValue<string>());
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder["http-token"]));
        }
    }

    [Fact]
    public async Task A_node_is_managed_by_who_may_read_its_data_folder_and_says_by_whom()
    {
        using var folder = new TemporaryFolder();
        await using var node = await NodeProcess.StartAsync("--data", folder.Path);
        using var http = Client(node, File.ReadAllText(folder["http-token"]).Trim());
        using var put = await http.PutAsync(new Uri("/v1/keys/key", UriKind.Relative), new StringContent("value"));
        put.EnsureSuccessStatusCode();

        var key = Assert.Single((await GetAsync(http, "/v1/admin/keys?prefix=a6"))["keys"]!.AsArray())!;
        Assert.Equal((NodeId.FromKey("key").ToString(), 5), (key["digest"]!.GetValue<string>(), key["bytes"]!.GetValue<int>()));
        var details = await GetAsync(http, "/v1/admin/keys/key");
        Assert.Equal("value", details["held"]!["value"]!["value"]!.GetValue<string>());
        Assert.NotNull(details["publishedAt"]);
        Assert.Equal(1, (await GetAsync(http, "/v1/admin/usage"))["keys"]!.GetValue<int>());
        Assert.Equal(node.Id, (await GetAsync(http, "/v1/admin/table"))["id"]!.GetValue<string>());

        using var deleted = await http.DeleteAsync(new Uri("/v1/admin/keys/key", UriKind.Relative));
        using var again = await http.DeleteAsync(new Uri("/v1/admin/keys/key", UriKind.Relative));
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.NotFound), (deleted.StatusCode, again.StatusCode));
        Assert.Empty((await GetAsync(http, "/v1/admin/keys"))["keys"]!.AsArray());
        var entry = (await GetAsync(http, "/v1/admin/audit"))["entries"]!.AsArray()[^1]!;
        Assert.Equal(
            ("data folder", "delete", key["digest"]!.GetValue<string>(), "was held, was published"),
            (entry["who"]!.GetValue<string>(), entry["action"]!.GetValue<string>(), entry["target"]!.GetValue<string>(), entry["result"]!.GetValue<string>()));
        await Eventually.IsTrueAsync(() => node.Process.Error.Text.Contains(
            $"info Audit: 'data folder' delete {NodeId.FromKey("key")}: was held, was published", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_node_without_tokens_serves_no_keys()
    {
        await using var node = await NodeProcess.StartAsync("--in-memory");

        Assert.Equal(HttpStatusCode.NotFound, (await node.AskAsync("/v1/keys/key", "localhost")).Code);
    }

    [Fact]
    public async Task A_token_that_the_command_made_is_accepted()
    {
        using var folder = new TemporaryFolder();
        var file = folder["tokens.json"];
        var first = await KadRun.RunAsync("token", "reader", "--file", file);
        var second = await KadRun.RunAsync("token", "writer", "--file", file, "--scope", "read", "--scope", "write", "--rate", "5", "--json");
        var twice = await KadRun.RunAsync("token", "writer", "--file", file);

        Assert.Equal((0, 0, 2), (first.ExitCode, second.ExitCode, twice.ExitCode));
        Assert.Contains($"--file '{file}' is unchanged: two tokens have the name 'writer'; each needs its own.", twice.Error, StringComparison.Ordinal);
        Assert.Equal(["reader", "writer"], ApiTokens.Read("--file", file).Select(token => token.Name));
        await using var node = await NodeProcess.StartAsync("--in-memory", "--http-tokens", file);
        using var reader = Client(node, first.Output.Trim());
        using var writer = Client(node, JsonNode.Parse(second.Output)!["token"]!.GetValue<string>());
        using var refused = await reader.PutAsync(new Uri("/v1/keys/key", UriKind.Relative), new StringContent("value"));
        using var put = await writer.PutAsync(new Uri("/v1/keys/key", UriKind.Relative), new StringContent("value"));
        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.OK), (refused.StatusCode, put.StatusCode));
    }

    [Theory]
    [InlineData("--http-tokens 'missing.json' is given without --http; both are needed.", "--http-tokens", "missing.json")]
    [InlineData("--http-tokens: 'missing.json' cannot be read (", "--http", "0", "--http-tokens", "missing.json")]
    [InlineData("--http-connections is '15'; ", "--http", "0", "--http-connections", "15")]
    public async Task A_wrong_option_is_refused_in_a_sentence(string expected, params string[] options)
    {
        var run = await KadRun.RunAsync(["node", "--in-memory", "--listen", "127.0.0.1:0", .. options]);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
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

    /// <summary>Runs the example of a language, which a program reads from its standard input.</summary>
    private static async Task RunExampleAsync(string language, string program, params string[] args)
    {
        using var folder = new TemporaryFolder();
        await using var node = await NodeProcess.StartAsync("--data", folder.Path);
        var example = Assert.Single(Snippet.Of("docs/http.md", language));
        var start = new ProcessStartInfo(program, args)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["URL"] = $"http://{node.HttpAddress}", ["TOKEN"] = File.ReadAllText(folder["http-token"]).Trim() },
        };
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.StandardInput.WriteAsync(string.Join('\n', example.Lines) + "\n");
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

    private static async Task<JsonNode> GetAsync(HttpClient http, string path) =>
        JsonNode.Parse(await http.GetStringAsync(new Uri(path, UriKind.Relative)))!;
}
