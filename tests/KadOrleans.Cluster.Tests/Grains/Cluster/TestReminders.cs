namespace KadOrleans.Cluster.Tests.Grains;

internal static class TestReminders
{
    /// <summary>Has a silo's rows of reminders be written by a function, which gets the row and what writes it.</summary>
    public static void Replace(IServiceCollection services, Func<ReminderEntry, Func<ReminderEntry, Task<string?>>, Task<string?>> upsert)
    {
        var before = services.Last(service => service.ServiceType == typeof(IReminderTable));
        services.AddSingleton(provider =>
        {
            var inner = before.ImplementationFactory?.Invoke(provider) ?? ActivatorUtilities.CreateInstance(provider, before.ImplementationType!);
            return Fake.Of<IReminderTable>((name, args) => name == nameof(IReminderTable.UpsertRow)
                ? upsert((ReminderEntry)args[0]!, ((IReminderTable)inner).UpsertRow)
                : typeof(IReminderTable).GetMethods().Single(method => method.Name == name && method.GetParameters().Length == args.Length)
                    .Invoke(inner, args));
        });
    }
}
