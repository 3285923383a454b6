using KadOrleans.Server;
using Microsoft.AspNetCore.Http;

namespace KadOrleans.Tests.Deployment;

/// <summary>How silos run: replaced one at a time, found by their pods, closed to all but the cluster.</summary>
public sealed class SiloTests
{
    public static readonly IEnumerable<TheoryDataRow<string>> All = Manifests.Names;

    [Theory]
    [MemberData(nameof(All))]
    public void Silos_are_replaced_one_at_a_time_and_none_before_its_successor_serves(string overlay)
    {
        var spec = Manifests.Of(overlay).Silo.At("spec");

        Assert.Equal(("3", "30"), (spec.Text("replicas"), spec.Text("minReadySeconds")));
        Assert.Equal(("0", "1"), (spec.Text("strategy.rollingUpdate.maxUnavailable"), spec.Text("strategy.rollingUpdate.maxSurge")));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Silos_answer_to_the_names_of_their_service_and_to_probes(string overlay)
    {
        var manifests = Manifests.Of(overlay);
        var hosts = KadSettings.ReadSilo(ContainerEnvironment.Read(manifests, manifests.Silo), new KadProviders().Known).Http.Place.Hosts;
        var (name, space) = ("kad-dashboard", manifests.Silo.Text("metadata.namespace"));
        var port = manifests.One("Service", name).Entries("spec.ports").Single().Text("port");

        Assert.All(
            [name, $"{name}.{space}", $"{name}.{space}.svc", $"{name}.{space}.svc.cluster.local", "10.1.2.3"],
            host => Assert.True(hosts.Allows(new HostString($"{host}:{port}")), host));
        Assert.All(Probes.Expected, probe => Assert.Null(manifests.Silo.Container().At($"{probe.Probe}.httpGet.httpHeaders")));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Silos_take_connections_only_from_the_cluster_and_are_behind_no_service_but_that_of_the_dashboard(string overlay)
    {
        var manifests = Manifests.Of(overlay);
        var services = manifests.OfKind("Service").ToList();
        Assert.NotEmpty(services);
        Assert.All(services, service =>
        {
            Assert.Equal("ClusterIP", service.Text("spec.type") ?? "ClusterIP");
            Assert.All(service.Entries("spec.ports"), port => Assert.DoesNotContain(
                port.Text("targetPort") ?? port.Text("port"), (string[])["silo", "gateway", "11111", "30000"]));
        });
        Assert.Contains(
            manifests.OfKind("NetworkPolicy").Where(p => p.Text("metadata.namespace") == "kad"),
            p => p.At("spec.podSelector")!.AsObject().Count == 0 && p.At("spec.ingress") is null);
        var (open, edges) = (manifests.One("NetworkPolicy", "kad-silo"), manifests.One("NetworkPolicy", "kad-silo-edges"));
        Assert.All([open, edges], policy =>
        {
            Assert.Equal(manifests.Silo.Labels(), policy.Pairs("spec.podSelector.matchLabels"));
            Assert.All(policy.Entries("spec.ingress"), rule =>
            {
                Assert.NotEmpty(rule.Entries("from"));
                Assert.NotEmpty(rule.Entries("ports"));
                Assert.DoesNotContain(rule.Entries("from"), f => f.Text("ipBlock.cidr")?.EndsWith("/0", StringComparison.Ordinal) == true);
            });
        });
        Assert.Equal("gateway", Assert.Single(Assert.Single(edges.Entries("spec.ingress")).Entries("ports")).Text("port"));

        // Whom may reach what silos say to each other: silos.
        var silo = Assert.Single(open.Entries("spec.ingress"), rule => rule.Entries("ports").Any(p => p.Text("port") == "silo"));
        Assert.Equal(manifests.Silo.Labels(), Assert.Single(silo.Entries("from")).Pairs("podSelector.matchLabels"));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Silos_are_spread_over_the_nodes_that_take_them_and_no_others(string overlay)
    {
        var spread = Manifests.Of(overlay).Silo.Pod().Entries("topologySpreadConstraints").ToList();

        // A tainted node is a domain without silos, unless this says otherwise: of edges, of a control plane, or one that is cordoned. Then no
        // other node may have two.
        Assert.All(spread, one => Assert.Equal("Honor", one.Text("nodeTaintsPolicy")));
        Assert.Equal(
            [("kubernetes.io/hostname", "DoNotSchedule"), ("topology.kubernetes.io/zone", "ScheduleAnyway")],
            spread.Select(one => (one.Text("topologyKey"), one.Text("whenUnsatisfiable"))));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_silo_of_a_lost_node_starts_elsewhere_within_a_minute(string overlay) => Assert.Equal(
        [("node.kubernetes.io/not-ready", "NoExecute", "60"), ("node.kubernetes.io/unreachable", "NoExecute", "60")],
        Manifests.Of(overlay).Silo.Pod().Entries("tolerations").Select(one => (one.Text("key"), one.Text("effect"), one.Text("tolerationSeconds"))));

    // docs/install.md, Memory, has where these figures come from.
    [Theory]
    [MemberData(nameof(All))]
    public void Silos_have_room_for_the_quotas_when_one_of_them_is_gone(string overlay)
    {
        const double indexOfKey = 64, logs = 128L * (8 << 20), collectorsRoom = 1.5, shareOfOneOfTwo = 2.0 / 3, rest = 256L << 20, heapOfLimit = 0.75;
        var shards = (2 * new StoreQuota().TotalKeys * indexOfKey) + logs;
        var limit = Manifests.Of(overlay).Silo.Container().Text("resources.limits.memory")!;

        Assert.EndsWith("Gi", limit, StringComparison.Ordinal);
        var heap = heapOfLimit * (long.Parse(limit[..^2], CultureInfo.InvariantCulture) << 30);
        Assert.InRange((shards * collectorsRoom * shareOfOneOfTwo) + (heap / 8) + rest, 0, heap);
    }
}
