namespace KadOrleans.Cluster.Tests.Grains;

public sealed class StateSchemaTests
{
    [Fact]
    public void Every_stored_state_has_the_version_of_this_build_and_another_is_refused()
    {
        Type[] states = [.. typeof(StateSchema).Assembly.GetTypes().Where(type => type.IsClass && type.IsAssignableTo(typeof(IVersionedState)))];

        Assert.Contains(typeof(ClusterState), states);
        Assert.All(states, type =>
        {
            var state = (IVersionedState)Activator.CreateInstance(type)!;
            StateSchema.Check(state, type.Name);
            state.SchemaVersion--;
            var refused = Assert.Throws<InvalidOperationException>(() => StateSchema.Check(state, type.Name));
            Assert.StartsWith(
                $"The stored state {type.Name} has schema version {StateSchema.Version - 1}, and this build reads and writes version {StateSchema.Version} alone: ",
                refused.Message,
                StringComparison.Ordinal);
        });
        StateSchema.Check(null, "none");
    }
}
