using Microsoft.Extensions.Configuration;

namespace KadOrleans.Http;

/// <summary>
/// Finds the storage of state, members and reminders by the settings <c>Kad:Storage</c> and <c>Kad:Clustering</c>, or by Orleans' own, as Aspire
/// gives them.
/// </summary>
internal static class StorageSettings
{
    private const string Storage = "Kad:Storage";
    private const string Clustering = "Kad:Clustering";
    private const string GrainType = "Orleans:GrainStorage:Kad:ProviderType";
    private const string MemberType = "Orleans:Clustering:ProviderType";
    private const string ReminderType = "Orleans:Reminders:ProviderType";

    // What is not given is where the other is: state where the members are, members where the state is, reminders where the members are.
    public static void Complete(KadOptions options, IConfiguration configuration, KnownStorages storages, OptionChecks checks)
    {
        var state = Choose(configuration, Storage, GrainType, storages, checks);
        var members = Choose(configuration, Clustering, MemberType, storages, checks);
        (options.Storage, options.StorageSetting) = state ?? members ?? (KadOptions.LocalStorage, Storage);
        (options.Clustering, options.ClusteringSetting) = members ?? (options.Storage, options.StorageSetting);
        (options.Reminders, options.RemindersSetting) = Given(configuration, ReminderType) is { } reminders
            ? (reminders.Equals("Memory", StringComparison.OrdinalIgnoreCase) ? KadOptions.LocalStorage : storages.Find(reminders), ReminderType)
            : (options.Clustering, options.ClusteringSetting);
        CheckSame(configuration, "Kad:Silo:Port", "Orleans:Endpoints:SiloPort", checks);
        CheckSame(configuration, "Kad:Silo:GatewayPort", "Orleans:Endpoints:GatewayPort", checks);
        CheckSame(configuration, "Kad:Silo:Address", "Orleans:Endpoints:AdvertisedIPAddress", checks);
    }

    private static (string Name, string Setting)? Choose(
        IConfiguration configuration, string own, string orleans, KnownStorages storages, OptionChecks checks)
    {
        var (one, other) = (Given(configuration, own), Given(configuration, orleans));
        if (one is not null && other is not null && !storages.AreSame(one, other))
        {
            checks.Problems.Add(Contradiction(own, one, orleans, other));
        }

        return one is not null ? (storages.Find(one), own) : other is not null ? (storages.Find(other), orleans) : null;
    }

    private static void CheckSame(IConfiguration configuration, string own, string orleans, OptionChecks checks)
    {
        if (Given(configuration, own) is { } one && Given(configuration, orleans) is { } other && one != other)
        {
            checks.Problems.Add(Contradiction(own, one, orleans, other));
        }
    }

    private static string Contradiction(string own, string one, string orleans, string other) =>
        $"{own} is '{one}', and {orleans} is '{other}'; both name the same thing, so one of them, or the same in both, is needed.";

    private static string? Given(IConfiguration configuration, string setting) =>
        configuration[setting]?.Trim() is { Length: > 0 } text ? text : null;
}
