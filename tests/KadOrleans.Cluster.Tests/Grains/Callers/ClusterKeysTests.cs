namespace KadOrleans.Cluster.Tests.Grains;

public sealed class ClusterKeysTests : IDisposable
{
    private const string Needed = "64 hexadecimal digits are needed, which 'openssl rand -hex 32' makes";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("hush", $"Kad:Cluster:GatewayKey has 4 characters; {Needed}.")]
    [InlineData("zz00000000000000000000000000000000000000000000000000000000000000", $"Kad:Cluster:GatewayKey has a character that is no hexadecimal digit; {Needed}.")]
    [InlineData("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", $"Kad:Cluster:GatewayKey is not random, as its bytes repeat; {Needed}.")]
    public void What_is_no_key_is_told_in_a_sentence_without_it(string text, string problem)
    {
        Assert.Equal([problem], ClusterKeys.FindProblems(new KadClusterOptions { GatewayKey = text }));
        Assert.Throws<OptionsValidationException>(() => new ClusterKeys(Options.Create(new KadClusterOptions { GatewayKey = text })));
    }

    [Fact]
    public void A_key_comes_from_a_setting_or_a_file_and_not_from_both()
    {
        var (key, file) = (ClusterKey.Create(), _folder["key"]);
        File.WriteAllText(file, $"{key}\n");
        var ofFile = new ClusterKeys(Options.Create(new KadClusterOptions { SiloKeyFile = file }));
        Assert.True(Assert.Single(ofFile.Silo).Is(ClusterKey.Parse(key.ToUpperInvariant())));
        Assert.Empty(ofFile.Gateway);
        Assert.Equal(
            ["Kad:Cluster:SiloKey and Kad:Cluster:SiloKeyFile are both set; one of them is allowed."],
            ClusterKeys.FindProblems(new KadClusterOptions { SiloKey = key, SiloKeyFile = file }));
        Assert.Equal(
            [$"Kad:Cluster:SiloKeyFile is '{file}x', which is not there; a file with the 64 digits of the key is needed."],
            ClusterKeys.FindProblems(new KadClusterOptions { SiloKeyFile = $"{file}x" }));
        foreach (var text in new[] { "half a key", "", "\n" })
        {
            File.WriteAllText(file, text);
            Assert.Equal(
                [$"Kad:Cluster:SiloKeyFile is '{file}', whose text has {text.Trim().Length} characters; {Needed}."],
                ClusterKeys.FindProblems(new KadClusterOptions { SiloKeyFile = file }));
        }
    }

    [Fact]
    public void The_two_keys_are_two_and_a_second_one_is_beside_a_first()
    {
        var (one, other) = (ClusterKey.Create(), ClusterKey.Create());
        Assert.Empty(ClusterKeys.FindProblems(new KadClusterOptions { GatewayKey = one, SiloKey = other, SecondGatewayKey = ClusterKey.Create() }));
        const string same = "Kad:Cluster:GatewayKey and Kad:Cluster:SiloKey are the same; two keys are needed, as no edge or client may have the silos'.";
        Assert.Equal([same], ClusterKeys.FindProblems(new KadClusterOptions { GatewayKey = one, SiloKey = one.ToUpperInvariant() }));
        Assert.Equal([same], ClusterKeys.FindProblems(new KadClusterOptions { GatewayKey = one, SiloKey = other, SecondGatewayKey = other }));
        Assert.Equal(
            ["Kad:Cluster:SecondSiloKey is set, and Kad:Cluster:SiloKey is not; a second key is allowed beside a first one only."],
            ClusterKeys.FindProblems(new KadClusterOptions { SecondSiloKey = one }));
    }
}
