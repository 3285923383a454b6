namespace KadOrleans.Tests.Deployment;

/// <summary>
/// Silos have both keys of the cluster, edges the gateway's alone: in the manifests, and in what documents and scripts tell operators to run.
/// </summary>
public sealed class ClusterKeysTests
{
    /// <summary>The names of the silos' key, as a setting, a variable, a Secret or a file.</summary>
    public const string SilosKey = "(?i)silo[-_]?key";

    public static readonly IEnumerable<TheoryDataRow<string>> All = Manifests.Names;

    private static readonly string ScriptForAzure = $"sh '{Repository.Path("infra/azure/secrets.sh")}' context";

    [Theory]
    [MemberData(nameof(All))]
    public void Silos_have_both_keys_and_edges_the_gateways_from_Secrets_without_which_no_pod_starts(string overlay)
    {
        var manifests = Manifests.Of(overlay);
        Assert.All([(manifests.Silo, "kad-gateway-key"), (manifests.Silo, "kad-silo-key"), (manifests.Edge, "kad-gateway-key")], pair =>
        {
            var source = Assert.Single(pair.Item1.Container().Entries("envFrom"), source => source.Text("secretRef.name") == pair.Item2);
            Assert.Null(source.Text("secretRef.optional"));
        });
        var (silo, edge) = (ContainerEnvironment.Of(manifests, manifests.Silo), ContainerEnvironment.Of(manifests, manifests.Edge));
        Assert.NotEqual(silo["Kad__Cluster__GatewayKey"], silo["Kad__Cluster__SiloKey"]);
        Assert.Equal(silo["Kad__Cluster__GatewayKey"], edge["Kad__Cluster__GatewayKey"]);
        Assert.DoesNotContain(edge.Keys, name => Regex.IsMatch(name, SilosKey));
    }

    /// <summary>No container, volume or setting of edges or telemetry, and none of the schema's Job.</summary>
    [Theory]
    [MemberData(nameof(All))]
    public void Nothing_but_the_silos_own_workload_names_the_silos_key(string overlay)
    {
        var manifests = Manifests.Of(overlay);
        Assert.Matches(SilosKey, manifests.Silo.ToJsonString());
        Assert.All(manifests.All.Where(resource => resource != manifests.Silo), resource => Assert.DoesNotMatch(SilosKey, resource.ToJsonString()));
    }

    [Fact]
    [Needs(Need.OpenSsl)]
    public void The_guides_commands_make_each_Secret_that_pods_wait_for_with_new_keys()
    {
        using var shell = new OperatorsShell();
        foreach (var file in (string[])["dashboard", "owner", "silo-database", "edge-database"])
        {
            File.WriteAllText(shell[$"{file}.env"], "NAME=value\n");
        }

        shell.Run(OperatorsShell.Block("docs/install.md", "kubectl create namespace kad"));
        shell.Run(OperatorsShell.Block("docs/install.md", "kad token add"));

        AssertKeys(shell);
        Assert.All(Manifests.Of("base").SiloAndEdge, workload => Assert.All(
            workload.Container().Entries("envFrom").Select(source => source.Text("secretRef.name"))
                .Concat(workload.Pod().Entries("volumes").Select(volume => volume.Text("secret.secretName"))).OfType<string>(),
            name => Assert.True(Directory.Exists(shell[$"secrets/{workload.Text("metadata.namespace")}/{name}"]), name)));

        // A key that is in use is not overwritten.
        var before = File.ReadAllText(shell["silo-key.env"]);
        var makesKeys = Assert.Single(
            OperatorsShell.Block("docs/install.md", "kubectl create namespace kad").Split('\n'),
            line => line.Contains("openssl", StringComparison.Ordinal));
        Assert.Throws<InvalidOperationException>(() => shell.Run(makesKeys));
        Assert.Equal(before, File.ReadAllText(shell["silo-key.env"]));
    }

    [Fact]
    [Needs(Need.OpenSsl)]
    public void A_backup_brings_both_keys_back()
    {
        using var shell = new OperatorsShell();
        shell.Run(ScriptForAzure);
        var (gateway, silo) = AssertKeys(shell);

        // The database is the matter of BackupTests.
        shell.Run(@"for name in pg_dump pg_restore psql; do printf '#!/bin/sh\n' > bin/$name; chmod +x bin/$name; done");
        shell.Run($"export DATABASE=\n{OperatorsShell.Block("docs/maintenance.md", "pg_dump")}");
        Directory.Delete(shell["secrets"], recursive: true);
        Directory.CreateDirectory(shell["secrets"]);
        shell.Run($"export DATABASE=\n{OperatorsShell.Block("docs/maintenance.md", "pg_restore")}");

        Assert.Equal((gateway, silo), AssertKeys(shell));
    }

    /// <summary>
    /// While pods are replaced, some have the Secrets of the roll before and some those of this one. Each of them must take the others' first
    /// key, whatever pods are how far.
    /// </summary>
    [Fact]
    [Needs(Need.OpenSsl)]
    public void The_documented_change_of_the_keys_leaves_no_pod_with_a_key_that_others_refuse()
    {
        using var shell = new OperatorsShell();
        shell.Run(ScriptForAzure);
        var (oldGateway, oldSilo) = AssertKeys(shell);

        shell.Run(OperatorsShell.Block("docs/security.md", "new_gateway="));

        var (newGateway, newSilo) = AssertKeys(shell);
        Assert.Distinct([oldGateway, newGateway, oldSilo, newSilo]);
        Assert.Equal(["kad", "kad-edge", "kad", "kad"], shell.Rolls);
        var (gateway, silo, edge) = (Accepted(oldGateway), Accepted(oldSilo), oldGateway);
        foreach (var (roll, space) in shell.Rolls.Index())
        {
            var (nextGateway, nextSilo, nextEdge) = space == "kad"
                ? (AtRoll(roll, "Gateway"), AtRoll(roll, "Silo"), edge)
                : (gateway, silo, AtRoll(roll, "Gateway")[0]);
            Assert.All([edge, nextEdge], key => Assert.All([gateway, nextGateway], accepted => Assert.Contains(key, accepted)));
            Assert.Contains(silo[0], nextSilo);
            Assert.Contains(nextSilo[0], silo);
            (gateway, silo, edge) = (nextGateway, nextSilo, nextEdge);
        }

        Assert.Equal([newGateway], gateway);
        Assert.Equal([newSilo], silo);
        Assert.Equal(newGateway, edge);

        // The first key, and the second one that is accepted beside it, if there is one.
        static List<string> Accepted(params IEnumerable<string?> keys) => [.. keys.OfType<string>()];

        List<string> AtRoll(int roll, string part) => Accepted(((string[])["", "Second"]).Select(which => shell.SecretAtRoll(
            roll, shell.Rolls[roll], $"kad-{part.ToLowerInvariant()}-key", $"Kad__Cluster__{which}{part}Key")));
    }

    [Theory]
    [Needs(Need.OpenSsl)]
    [InlineData("kad")]
    [InlineData("kad-edge")]
    public void The_script_for_Azure_takes_over_the_gateways_key_that_one_namespace_has(string space)
    {
        using var shell = new OperatorsShell();
        var key = new string('c', 64);
        MakeGatewayKey(shell, space, key);
        shell.Run(ScriptForAzure);
        var made = AssertKeys(shell);
        Assert.Equal(key, made.Gateway);

        shell.Run(ScriptForAzure);
        Assert.Equal(made, AssertKeys(shell));
    }

    [Theory]
    [InlineData("")]
    [InlineData("cccc")]
    [InlineData("gggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggg")]
    public void The_script_for_Azure_gives_edges_no_text_that_is_no_key(string key)
    {
        using var shell = new OperatorsShell();
        MakeGatewayKey(shell, "kad", key);
        var failure = Assert.Throws<InvalidOperationException>(() => shell.Run(ScriptForAzure));

        Assert.Contains(
            "The Secret kad-gateway-key of the namespace kad cannot be read, or its Kad__Cluster__GatewayKey is not 64 hexadecimal digits.",
            failure.Message,
            StringComparison.Ordinal);
        Assert.Null(shell.Secret("kad-edge", "kad-gateway-key", "Kad__Cluster__GatewayKey"));
    }

    [Fact]
    [Needs(Need.OpenSsl)]
    public void The_script_that_tries_the_overlay_makes_both_keys()
    {
        using var shell = new OperatorsShell();
        var lines = Repository.Read("infra/kubernetes/try-in-kind.sh").Split('\n')
            .Where(line => Regex.IsMatch(line, @"^secret\(\)|\bkad-(gateway|silo)-key\b|^gateway_key="));

        shell.Run($"kubectl create namespace kad\nkubectl create namespace kad-edge\n{string.Join('\n', lines)}");

        AssertKeys(shell);
    }

    private static void MakeGatewayKey(OperatorsShell shell, string space, string key) => shell.Run(
        $"""
        kubectl create namespace {space}
        kubectl -n {space} create secret generic kad-gateway-key --from-literal=Kad__Cluster__GatewayKey={key}
        """);

    // What the Secrets have: the same key of the gateway in both namespaces, and another one of silos in theirs alone.
    private static (string Gateway, string Silo) AssertKeys(OperatorsShell shell)
    {
        var gateway = shell.Secret("kad", "kad-gateway-key", "Kad__Cluster__GatewayKey")!;
        var silo = shell.Secret("kad", "kad-silo-key", "Kad__Cluster__SiloKey")!;
        Assert.All([gateway, silo], key => Assert.Matches("^[0-9a-f]{64}\\z", key));
        Assert.NotEqual(gateway, silo);
        Assert.Equal(gateway, shell.Secret("kad-edge", "kad-gateway-key", "Kad__Cluster__GatewayKey"));
        Assert.All(
            Directory.EnumerateFiles(shell["secrets/kad-edge"], "*", SearchOption.AllDirectories),
            file =>
            {
                Assert.DoesNotMatch(SilosKey, Path.GetRelativePath(shell["secrets"], file));
                Assert.DoesNotContain(silo, File.ReadAllText(file), StringComparison.OrdinalIgnoreCase);
            });
        return (gateway, silo);
    }
}
