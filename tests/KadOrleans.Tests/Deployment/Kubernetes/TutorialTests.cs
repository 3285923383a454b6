namespace KadOrleans.Tests.Deployment;

/// <summary>
/// The blocks of docs/tutorials/kubernetes.md up to the first that needs a Kubernetes: the overlay that they fill in renders, and the pods find each
/// Secret that they wait for.
/// </summary>
public sealed class TutorialTests
{
    private const string Page = "docs/tutorials/kubernetes.md";

    [Fact]
    [Needs(Need.Kubectl)]
    public void The_overlay_renders_with_the_operators_image_ranges_and_edges()
    {
        using var shell = new OperatorsShell();
        Kubectl.Run("cp", string.Empty, "-r", Repository.Path("infra"), shell.Path);
        shell.Run(OperatorsShell.Block(Page, "overlay="));

        var manifests = Manifests.Render(shell["infra/kubernetes/overlays/postgres"]);

        Assert.All(manifests.SiloAndEdge, workload => Assert.Equal("ghcr.io/OWNER/kad-server:0.1.0", workload.Container().Text("image")));
        var edges = ContainerEnvironment.Of(manifests, manifests.Edge);
        Assert.Equal(("PostgreSql", "192.0.2.1:8468,192.0.2.2:8468,192.0.2.3:8468,192.0.2.4:8468"), (edges["Kad__Storage"], edges["Kad__Edge__Bootstrap"]));
        var policies = manifests.OfKind("NetworkPolicy").Where(policy => policy.Text("metadata.name")!.EndsWith("-edges", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(policies);
        Assert.All(policies, policy => Assert.Equal(
            ["192.0.2.0/24", "10.244.0.0/16"], policy.Entries("spec.ingress").First().Entries("from").Select(from => from.Text("ipBlock.cidr"))));
    }

    [Fact]
    [Needs(Need.OpenSsl)]
    public void The_Secrets_that_pods_wait_for_are_made_with_users_and_keys_of_their_own()
    {
        using var shell = new OperatorsShell();
        shell.Run(@"printf '#!/bin/sh\necho ""$*"" >> statements\n' > bin/psql; chmod +x bin/psql");
        shell.Run(string.Join('\n', ((string[])["export PGHOST=", "silo=$(openssl", "kubectl create namespace kad"])
            .Select(line => OperatorsShell.Block(Page, line).Replace('…', '0'))));

        Assert.All(Manifests.Of("base").SiloAndEdge, workload => Assert.All(
            workload.Container().Entries("envFrom").Select(source => source.Text("secretRef.name"))
                .Concat(workload.Pod().Entries("volumes").Select(volume => volume.Text("secret.secretName"))).OfType<string>(),
            name => Assert.True(Directory.Exists(shell[$"secrets/{workload.Text("metadata.namespace")}/{name}"]), name)));
        Assert.Equal(("db.example.org", "kad_owner"), (shell.Secret("kad", "kad-postgres-owner", "PGHOST"), shell.Secret("kad", "kad-postgres-owner", "PGUSER")));
        var passwords = ((string[])["silo", "edge"]).Select(user =>
        {
            var space = user == "silo" ? "kad" : "kad-edge";
            var password = shell.Secret(space, "kad-postgres", "PGPASSWORD")!;
            Assert.Equal($"kad_{user}", shell.Secret(space, "kad-postgres", "PGUSER"));
            Assert.Equal(
                $"Host=db.example.org;Database=kad;Username=kad_{user};Password={password};SSL Mode=VerifyFull;GSS Encryption Mode=Disable",
                shell.Secret(space, "kad-postgres", "Kad__PostgreSql__ConnectionString"));
            Assert.Contains($"CREATE USER kad_{user} PASSWORD '{password}'", File.ReadAllText(shell["statements"]), StringComparison.Ordinal);
            return password;
        }).ToList();
        Assert.Distinct(passwords);
        Assert.All(Directory.EnumerateFiles(shell["secrets/kad-edge"], "*", SearchOption.AllDirectories), file =>
            Assert.DoesNotMatch(ClusterKeysTests.SilosKey, Path.GetRelativePath(shell["secrets"], file)));

        // Nothing that is there is overwritten.
        var before = File.ReadAllText(shell["silo-key.env"]);
        Assert.Throws<InvalidOperationException>(() => shell.Run(OperatorsShell.Block(Page, "kubectl create namespace kad")));
        Assert.Equal(before, File.ReadAllText(shell["silo-key.env"]));
    }
}
