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
    }
}
