namespace KadOrleans.Grains;

/// <summary>The keys that this silo accepts at its ports, each the present one first, then one that is accepted while it is changed.</summary>
internal sealed class ClusterKeys(IOptions<KadClusterOptions> options)
{
    /// <summary>The keys of edges and other clients; none: the gateway lets everybody in.</summary>
    public IReadOnlyList<ClusterKey> Gateway { get; } =
        Read(options.Value.GatewayKey, options.Value.GatewayKeyFile, KeySettings.Gateway, options.Value.SecondGatewayKey, KeySettings.SecondGateway);

    /// <summary>The keys of silos; none: the port for silos lets everybody in.</summary>
    public IReadOnlyList<ClusterKey> Silo { get; } =
        Read(options.Value.SiloKey, options.Value.SiloKeyFile, KeySettings.Silo, options.Value.SecondSiloKey, KeySettings.SecondSilo);

    /// <summary>Finds what is wrong with the keys of options, each problem in one sentence without a secret.</summary>
    public static IEnumerable<string> FindProblems(KadClusterOptions options)
    {
        var gateways = new List<string>();
        var gateway = Find(options.GatewayKey, options.GatewayKeyFile, KeySettings.Gateway, options.SecondGatewayKey, KeySettings.SecondGateway, gateways);
        var silos = new List<string>();
        var silo = Find(options.SiloKey, options.SiloKeyFile, KeySettings.Silo, options.SecondSiloKey, KeySettings.SecondSilo, silos);
        return gateway.Exists(one => silo.Exists(one.Is))
            ? [$"{KeySettings.Gateway} and {KeySettings.Silo} are the same; two keys are needed, as no edge or client may have the silos'."]
            : [.. gateways, .. silos];
    }

    private static List<ClusterKey> Read(string? text, string? file, string setting, string? second, string secondSetting)
    {
        var problems = new List<string>();
        var keys = Find(text, file, setting, second, secondSetting, problems);
        return problems.Count == 0 ? keys : throw new OptionsValidationException(setting, typeof(KadClusterOptions), problems);
    }

    private static List<ClusterKey> Find(
        string? text, string? file, string setting, string? second, string secondSetting, List<string> problems)
    {
        var keys = new List<ClusterKey>();
        var present = Add(KeySettings.Read(text, file, setting, out var problem), problem);
        var hasSecond = Add(KeySettings.Read(second, null, secondSetting, out problem), problem);
        if (hasSecond && !present && problems.Count == 0)
        {
            problems.Add($"{secondSetting} is set, and {setting} is not; a second key is allowed beside a first one only.");
        }

        return keys;

        bool Add(ClusterKey? key, string? wrong)
        {
            if (wrong is not null)
            {
                problems.Add(wrong);
            }
            else if (key is not null)
            {
                keys.Add(key);
            }

            return key is not null;
        }
    }
}
