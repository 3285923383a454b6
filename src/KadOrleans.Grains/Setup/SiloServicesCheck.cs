using Orleans.Serialization.Configuration;

namespace KadOrleans.Grains;

/// <summary>Ends the start of a silo that lacks what the grains need: else each call would fail by a cause that is deep in its exception.</summary>
internal sealed class SiloServicesCheck(IServiceProvider services) : IConfigurationValidator
{
    public void ValidateConfiguration()
    {
        if (services.GetService<ClusterShards>() is null)
        {
            throw new OrleansConfigurationException("The silo has AddKadClient() without the DHT's grains: add UseKadGrains() to it.");
        }

        if (services.GetKeyedService<IGrainStorage>(GrainStorageName.Kad) is null)
        {
            throw new OrleansConfigurationException(
                $"The silo has no grain storage named '{GrainStorageName.Kad}': add one, such as AddSqliteGrainStorage(\"{GrainStorageName.Kad}\", …) "
                + "for one silo, or one that several silos share.");
        }

        if (services.GetService<IReminderTable>() is null)
        {
            throw new OrleansConfigurationException(
                "The silo has no reminder service, by which the DHT's upkeep runs: add one, such as UseInMemoryReminderService().");
        }

        ThrowIfNotOpened(services.GetRequiredService<IOptions<KadClusterOptions>>().Value.OpenAssemblies);
    }

    private void ThrowIfNotOpened(IEnumerable<string> names)
    {
        // By that of its class a grain is opened of which clients read an enumeration.
        var manifest = services.GetRequiredService<IOptions<TypeManifestOptions>>().Value;
        var known = manifest.Interfaces.Concat(manifest.InterfaceImplementations).ToLookup(type => type.Assembly.GetName().Name);
        if (names.FirstOrDefault(name => !known.Contains(name)) is { } unknown)
        {
            var own = known.Where(some => !CallPolicy.IsOurs(some.First()) && !CallPolicy.IsOrleans(some.First())).Select(some => some.Key);
            throw new OrleansConfigurationException(
                $"{nameof(KadClusterOptions.OpenAssemblies)} of UseKadGrains has '{unknown}', an assembly without an interface or a class of a grain on this silo; "
                + $"allowed: {string.Join(", ", own.Order(StringComparer.Ordinal).DefaultIfEmpty("none, as it has no grains of your own"))}.");
        }
    }
}
