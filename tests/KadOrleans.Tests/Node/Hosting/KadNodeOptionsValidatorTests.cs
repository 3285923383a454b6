namespace KadOrleans.Tests.Node;

public sealed class KadNodeOptionsValidatorTests
{
    [Fact]
    public void Limits_that_no_node_can_work_with_are_named()
    {
        var options = new KadNodeOptions
        {
            Limits = new SourceLimits
            {
                MaxTracked = 15,
                PerSource = new TokenRate(0, 1),
                PerSubnet = new TokenRate(1, double.NaN),
            },
            Subnets = new SubnetLimits { PerBucket = 0, PerTable = -1 },
        };

        var problems = KadNodeOptionsValidator.FindProblems(options);

        Assert.Equal(
            ["Limits.MaxTracked", "Subnets.PerBucket", "Subnets.PerTable", "Limits.PerSource.PerSecond", "Limits.PerSubnet.Burst"],
            problems.Select(p => p[..p.IndexOf(' ', StringComparison.Ordinal)]));
    }

    public static TheoryData<string> NoAddresses =>
        ["[]:8468", ":8468", "node.example.org", "::1:8468", "node.example.org:0", new string('a', 256) + ":8468"];

    [Theory]
    [MemberData(nameof(NoAddresses))]
    public void A_bootstrap_node_that_is_no_address_is_named(string node)
    {
        var options = new KadNodeOptions();
        options.Bootstrap.Add(node);

        Assert.Contains(node[..Math.Min(node.Length, 20)], Assert.Single(KadNodeOptionsValidator.FindProblems(options)), StringComparison.Ordinal);
    }
}
