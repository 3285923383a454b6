using System.Net.Http.Headers;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>
/// The documented commands that make, use and change tokens on Kubernetes, run as they are pasted against a silo and an edge that are started
/// as the manifests say, on the storage of one silo.
/// </summary>
[Needs(Need.OpenSsl | Need.Curl)]
public sealed class DeployedTokensTests : FolderTests, IDisposable
{
    private const string Key = "tokens.json";

    private readonly OperatorsShell _shell = new();
    private readonly HttpClient _http = new();
    private readonly SecretVolume _volume;

    public DeployedTokensTests() => _volume = new SecretVolume(Path.Combine(Folder, "tokens"));

    public new void Dispose()
    {
        _http.Dispose();
        _shell.Dispose();
        base.Dispose();
    }

    [Fact]
    public async Task An_installation_is_managed_by_the_Secrets_token_and_a_changed_Secret_needs_no_restart()
    {
        _shell.Run("kubectl create namespace kad");
        Run("docs/install.md", "kad token add");
        Bring();
        await using var silo = Silo();
        await silo.StartAsync();
        await using var edge = new DeployedPod(
            "base", "edge", "kad-edge-0", Folder, _volume, ("Kad__Cluster__Gateway", silo.Gateway));
        await edge.StartAsync();

        // The runbook's calls.
        var answers = Run("docs/runbook.md", "kad admin silos", silo.Http);
        Assert.Contains("Active", answers, StringComparison.Ordinal);
        Assert.Contains("works", answers.Split('\n')[^1], StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, await AskAsync(silo, "operator.token"));

        // The Secret changes as docs/manage.md says: it has the next token, and then no longer the first.
        Run("docs/manage.md", "kad token add operator-2");
        Bring();
        await UntilAsync(silo, "operator-2.token", HttpStatusCode.OK);
        Assert.Equal(HttpStatusCode.OK, await AskAsync(silo, "operator.token"));
        Run("docs/manage.md", "kad token remove operator", silo.Http);
        Bring();
        await UntilAsync(silo, "operator.token", HttpStatusCode.Unauthorized);
        Assert.Equal(HttpStatusCode.OK, await AskAsync(silo, "operator-2.token"));
        Assert.Contains("Tokens come in the clear to 0.0.0.0:", silo.Errors, StringComparison.Ordinal);

        // A slip in the Secret shuts nobody out, and is said.
        _volume.Write((Key, "{"));
        await Eventually.IsTrueAsync(() => silo.Errors.Contains("is no file of tokens", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(silo, "operator-2.token"));
        Assert.Contains("cannot be used; the log has why", Run("docs/runbook.md", "kad admin silos", silo.Http), StringComparison.Ordinal);
        Assert.Equal((0, 0), (await edge.StopAsync(), await silo.StopAsync()));
    }

    [Fact]
    public async Task A_silo_without_the_file_of_its_setting_ends_with_a_sentence()
    {
        await using var silo = Silo();
        await Assert.ThrowsAsync<InvalidOperationException>(silo.StartAsync);

        Assert.Equal(2, await silo.ExitAsync());
        Assert.Contains($"Kad:Http:Tokens: '{_volume[Key]}' cannot be read (", silo.Errors.Split('\n')[^1], StringComparison.Ordinal);
    }

    private DeployedPod Silo() => new("base", "silo", "kad-silo-a", Folder, _volume, ("Kad__Data", Path.Combine(Folder, "data")));

    // The only block of a document that begins a line with a command.
    private string Run(string document, string command, string http = OperatorsShell.Forwarded) =>
        _shell.Run(OperatorsShell.Block(document, command), http).Trim();

    // What the kubelet does within two minutes.
    private void Bring() => _volume.Write((Key, _shell.Secret("kad", "kad-tokens", Key)!));

    private async Task UntilAsync(DeployedPod silo, string token, HttpStatusCode expected) =>
        await Eventually.ReadAsync(() => AskAsync(silo, token), code => code == expected);

    private async Task<HttpStatusCode> AskAsync(DeployedPod silo, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{silo.Http}/v1/admin/silos");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(_shell[token])).Trim());
        using var response = await _http.SendAsync(request);
        return response.StatusCode;
    }
}
