using KadOrleans.Server;

namespace KadOrleans.Tests.Deployment;

/// <summary>Silos have the tokens of a Secret, as a file that follows it, and operators make the Secret by the documented commands.</summary>
public sealed class TokensTests
{
    public static readonly IEnumerable<TheoryDataRow<string>> All = Manifests.Names;

    [Theory]
    [MemberData(nameof(All))]
    public void Silos_read_the_tokens_of_a_required_Secret_from_a_volume_that_follows_it(string overlay)
    {
        var manifests = Manifests.Of(overlay);
        var file = KadSettings.ReadSilo(ContainerEnvironment.Read(manifests, manifests.Silo), new KadProviders().Known).Http.Tokens!;
        var mount = Assert.Single(manifests.Silo.Container().Entries("volumeMounts"), mount => mount.Text("mountPath") == Path.GetDirectoryName(file));
        var volume = Assert.Single(manifests.Silo.Pod().Entries("volumes"), volume => volume.Text("name") == mount.Text("name"));

        Assert.Equal("true", mount.Text("readOnly"));

        // Kubernetes brings no change to a file that is mounted alone.
        Assert.Null(mount.Text("subPath"));

        // A key that is missing is an event of the pod that names it, and no crash.
        Assert.Equal(("kad-tokens", null), (volume.Text("secret.secretName"), volume.Text("secret.optional")));
        Assert.Equal((Path.GetFileName(file), Path.GetFileName(file)), (volume.Text("secret.items.0.key"), volume.Text("secret.items.0.path")));

        // Its files are root's. Without a mode they may be read by all, and so by the user of the pod.
        Assert.Null(volume.Text("secret.defaultMode"));
        Assert.Null(KadSettings.ReadEdge(ContainerEnvironment.Read(manifests, manifests.Edge), new KadProviders().Known).Http.Tokens);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void The_service_that_the_documents_forward_leads_to_the_silos_HTTP(string overlay)
    {
        var manifests = Manifests.Of(overlay);
        string[] forwards =
        [
            .. ((string[])["docs/install.md", "docs/runbook.md"])
                .SelectMany(document => Regex.Matches(Repository.Read(document), @"kubectl -n kad port-forward (service/\S+ \d+)"))
                .Select(match => match.Groups[1].Value),
        ];

        Assert.True(forwards.Length > 1);
        var service = manifests.One("Service", "kad-dashboard");
        var port = Assert.Single(service.Entries("spec.ports"));
        Assert.All(forwards, forward => Assert.Equal($"service/{service.Text("metadata.name")} {port.Text("port")}", forward));
        Assert.Equal(manifests.Silo.Labels(), service.Pairs("spec.selector"));
        Assert.Equal("http", port.Text("targetPort"));
    }

    [Fact]
    [Needs(Need.OpenSsl)]
    public void The_script_for_Azure_makes_each_Secret_once_and_a_token_of_which_silos_have_the_hash()
    {
        using var shell = new OperatorsShell();
        var run = $"sh '{Repository.Path("infra/azure/secrets.sh")}' context";
        shell.Run(run);

        Check();
        var before = Secrets();
        Assert.Equal(7, before.Count);
        shell.Run(run);
        Assert.Equal(before, Secrets());

        // It ended between the two.
        Directory.Delete(shell["secrets/kad/kad-tokens"], recursive: true);
        shell.Run(run);
        Check();
        Assert.Equal(before, Secrets());

        Dictionary<string, string> Secrets() => Directory.EnumerateFiles(shell["secrets"], "*", SearchOption.AllDirectories)
            .ToDictionary(file => file, File.ReadAllText);

        void Check()
        {
            var token = shell.Secret("kad", "kad-operator", "token")!;
            Assert.Matches("^kad_[0-9a-f]{64}$", token);
            var file = shell["secrets/kad/kad-tokens/tokens.json"];
            Assert.True(new ApiTokens(ApiTokens.Read("--file", file)).TryFind(token, out var found));
            Assert.Equal(("operator", ApiToken.DefaultRate), (found.Name, found.RequestsPerSecond));
            Assert.Equal(ApiScope.All, found.Scopes);
            Assert.DoesNotContain(token, File.ReadAllText(file), StringComparison.Ordinal);
        }
    }

    [Theory]
    [Needs(Need.OpenSsl)]
    [InlineData(
        "mkdir -p secrets/kad/kad-operator && touch secrets/kad/kad-operator/token",
        "The Secret kad-operator of the namespace kad cannot be read, or has no token",
        true)]
    [InlineData(@"printf '#!/bin/sh\nexit 1\n' > bin/openssl && chmod +x bin/openssl", "openssl dgst -sha256 has failed", false)]
    public void The_script_for_Azure_gives_silos_no_hash_of_nothing(string before, string sentence, bool hasOperator)
    {
        using var shell = new OperatorsShell();
        var run = $"{before}\nsh '{Repository.Path("infra/azure/secrets.sh")}' context";
        var failure = Assert.Throws<InvalidOperationException>(() => shell.Run(run));

        Assert.Contains(sentence, failure.Message, StringComparison.Ordinal);
        Assert.Null(shell.Secret("kad", "kad-tokens", "tokens.json"));
        Assert.Equal(hasOperator, shell.Secret("kad", "kad-operator", "token") is not null);
    }
}
